"""Acting for a client: every query goes to its schema, whatever happens around it."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DataError, connection, transaction
from django_tenants.utils import schema_context

from frontdesk.bot.models import Faq
from frontdesk.clients.context import NoClient, client_context, current_client, public_context
from frontdesk.clients.database.base import current_place
from frontdesk.clients.models import Client
from frontdesk.conversations.models import Message
from tests.clients.wire import statements
from tests.conftest import OpenClient, Visitor, at_once


def schema_of_queries() -> str:
    """What the server says, not what we believe."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def test_queries_go_to_the_clients_schema_and_back_to_public(north: Client) -> None:
    assert schema_of_queries() == "public"
    with client_context(north) as client:
        assert client is current_client()
        assert schema_of_queries() == "tenant_north"
        assert Faq.objects.count() == 3
    assert schema_of_queries() == "public"


def test_contexts_nest_and_unwind_in_order(north: Client, south: Client) -> None:
    seen = []
    with client_context(north):
        with client_context(south):
            with public_context():
                seen.append(schema_of_queries())
            seen.append(schema_of_queries())
        seen.append(schema_of_queries())
    assert [*seen, schema_of_queries()] == ["public", "tenant_south", "tenant_north", "public"]


def test_the_same_client_inside_itself_stays(north: Client) -> None:
    with client_context(north):
        with client_context(north):
            assert schema_of_queries() == "tenant_north"
        assert schema_of_queries() == "tenant_north"


def test_an_exception_restores_the_context(north: Client, south: Client) -> None:
    with client_context(south):
        with contextlib.suppress(RuntimeError), client_context(north):
            assert Faq.objects.count() == 3
            raise RuntimeError
        assert schema_of_queries() == "tenant_south"
    assert schema_of_queries() == "public"


def test_a_failed_query_restores_the_context(north: Client, south: Client) -> None:
    with client_context(south):
        with pytest.raises(DataError), client_context(north), transaction.atomic():
            connection.cursor().execute("SELECT 1/0")
        assert schema_of_queries() == "tenant_south"
        assert Faq.objects.count() == 0


def test_without_a_client_there_is_none(north: Client) -> None:
    with pytest.raises(NoClient):
        current_client()
    with client_context(north), public_context(), pytest.raises(NoClient):
        current_client()


def test_with_client_is_refused_because_it_mixes_threads(north: Client) -> None:
    with pytest.raises(TypeError, match="client_context"), north:
        pass


def test_the_context_of_the_library_is_unwound_too(north: Client) -> None:
    with client_context(north), schema_context("tenant_south"):
        assert schema_of_queries() == "tenant_south"
    assert schema_of_queries() == "public"


def test_a_rolled_back_transaction_leaves_no_stale_schema(north: Client, south: Client) -> None:
    with client_context(north), contextlib.suppress(RuntimeError), transaction.atomic():
        Faq.objects.create(pk="gone", question="Gone?", answer="Yes.")
        raise RuntimeError
    with client_context(north):
        assert Faq.objects.count() == 3
    with client_context(south):
        assert Faq.objects.count() == 0


def test_a_schema_set_inside_a_rolled_back_savepoint_is_not_believed(
    north: Client, south: Client
) -> None:
    # PostgreSQL undoes a SET with the savepoint it came after: whoever remembers having set the
    # path then asks the other client.
    with client_context(south):
        assert Faq.objects.count() == 0
        with contextlib.suppress(RuntimeError), transaction.atomic(), client_context(north):
            assert Faq.objects.count() == 3
            raise RuntimeError
        assert schema_of_queries() == "tenant_south"
        with client_context(north):
            assert schema_of_queries() == "tenant_north"


def test_a_real_rollback_leaves_no_stale_schema(open_client: OpenClient) -> None:
    one, other = open_client("rolled_one"), open_client("rolled_other")
    with client_context(one):
        assert schema_of_queries() == "tenant_rolled_one"
    with contextlib.suppress(RuntimeError), transaction.atomic(), client_context(other):
        Faq.objects.create(pk="gone", question="Gone?", answer="Yes.")
        raise RuntimeError
    for client in (one, other):
        with client_context(client):
            assert schema_of_queries() == client.schema_name
            assert Faq.objects.count() == 0


def test_a_path_reset_behind_our_back_is_noticed(north: Client) -> None:
    if connection.pg_version < 180000:  # type: ignore[attr-defined]
        pytest.skip("PostgreSQL reports its search_path from version 18 on")
    with client_context(north):
        assert Faq.objects.count() == 3
        connection.cursor().execute("RESET ALL")
        assert Faq.objects.count() == 3
        connection.cursor().execute("SET search_path = tenant_south")
        assert schema_of_queries() == "tenant_north"


def test_a_connection_first_opened_for_a_client_is_in_its_schema(
    open_client: OpenClient,
) -> None:
    client = open_client("opened_late")
    connection.close()
    with client_context(client):
        assert schema_of_queries() == "tenant_opened_late"
        connection.close()
        assert schema_of_queries() == "tenant_opened_late"

    def in_a_new_thread(_: int) -> tuple[str, str]:
        connection.close()
        with client_context(client):
            inside = schema_of_queries()
        return inside, schema_of_queries()

    assert at_once(1, in_a_new_thread) == [("tenant_opened_late", "public")]
    assert schema_of_queries() == "public"


def test_threads_never_see_each_others_client(open_client: OpenClient) -> None:
    clients = [open_client(f"thread_{number}") for number in range(6)]
    for client in clients:
        with client_context(client):
            Faq.objects.create(pk=client.slug.replace("_", "-"), question="Whose?", answer="Mine.")

    def switch(number: int) -> list[tuple[str, str]]:
        wrong = []
        for turn in range(100):
            client = clients[(number + turn) % len(clients)]
            with client_context(client):
                mine = Faq.objects.get().pk
                if (mine, schema_of_queries()) != (
                    client.slug.replace("_", "-"),
                    client.schema_name,
                ):
                    wrong.append((mine, client.schema_name))
            if schema_of_queries() != "public":
                wrong.append(("public", client.schema_name))
        return wrong

    assert at_once(6, switch) == [[]] * 6


def test_coroutines_of_one_thread_keep_their_own_client(north: Client, south: Client) -> None:
    async def visit(client: Client) -> list[str]:
        seen = []
        with client_context(client):
            for _ in range(20):
                await asyncio.sleep(0)
                seen.append(current_place.get().schema_name)
        return [*seen, current_place.get().schema_name]

    async def visit_all() -> list[list[str]]:
        return await asyncio.gather(*(visit(client) for client in [north, south] * 10))

    expected = [[name] * 20 + ["public"] for name in ["tenant_north", "tenant_south"] * 10]
    # In a thread of its own: the browser tests keep a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(visit_all())).result() == expected


@pytest.fixture
def in_public(north: Client) -> None:
    """The connection's last query went to public."""
    schema_of_queries()


@pytest.mark.usefixtures("in_public")
def test_the_same_client_again_costs_no_statement(north: Client) -> None:
    with statements() as sent:
        for _ in range(2):
            with client_context(north):
                Faq.objects.count()
    assert sent == [
        'SET search_path = "tenant_north","public"',
        'SELECT COUNT(*) AS "__count" FROM "bot_faq"',
        'SELECT COUNT(*) AS "__count" FROM "bot_faq"',
    ]


@pytest.mark.usefixtures("in_public")
def test_entering_a_context_without_a_query_costs_nothing(north: Client, south: Client) -> None:
    with statements() as sent, client_context(north), client_context(south):
        pass
    assert sent == []


@pytest.mark.usefixtures("in_public")
def test_another_client_costs_one_statement(north: Client, south: Client) -> None:
    with statements() as sent:
        for client in (north, south, north):
            with client_context(client):
                Faq.objects.count()
    assert len([text for text in sent if text.startswith("SET")]) == 3
    assert len(sent) == 6


def test_a_cursor_that_sets_no_path_serves_qualified_statements(north: Client) -> None:
    with client_context(north):
        schema_of_queries()
    with statements() as sent, connection.cursor_anywhere() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT count(*) FROM public.clients_client")
        assert cursor.fetchone() == (2,)
    assert sent == ["SELECT count(*) FROM public.clients_client"]


def test_statements_prepared_for_one_client_ask_the_other_in_its_own_schema(
    north: Client, south: Client
) -> None:
    # The server keeps what it parsed; the tables are looked up anew when the path changes.
    counts = []
    for client in [north, south] * 12:
        with client_context(client), connection.cursor() as cursor:
            raw = connection.connection.execute(
                "SELECT count(*) FROM bot_faq WHERE enabled = %s", [True], prepare=True
            )
            cursor.execute("SELECT 1")
            counts.append(raw.fetchone()[0])
    assert counts == [3, 0] * 12


def test_turns_of_two_clients_on_one_connection_stay_apart(north: Client, south: Client) -> None:
    visitors = [Visitor(north), Visitor(south)]
    for visitor in visitors:
        visitor.start()
    # Often enough for the statements to be prepared.
    for number in range(6):
        for visitor in visitors:
            assert visitor.say(f"word {number}").status_code == 200
    for visitor in visitors:
        told = [message["text"] for message in visitor.read().json()["messages"]]
        assert [text for text in told if text.startswith("word")] == [f"word {n}" for n in range(6)]
        with client_context(visitor.client):
            assert {str(message.conversation_id) for message in Message.objects.all()} == {
                visitor.conversation
            }
