"""A client's life, and what is left of it at each stage."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.dispatch import Signal
from pytest_django import Settings

from frontdesk.bot.compiled import live_bot
from frontdesk.bot.importing import import_faqs
from frontdesk.bot.models import Faq, Publication
from frontdesk.bot.publishing import publish
from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context, current_client
from frontdesk.clients.lifecycle import ClientExists, NotPossibleNow
from frontdesk.clients.limits import LimitReached
from frontdesk.clients.models import Client, Domain, Membership, Usage
from frontdesk.clients.signals import client_closed, client_opened
from frontdesk.lib.refusals import InvalidRequest
from frontdesk.visitor_forms.models import Form
from tests.conftest import Visitor

NOON = datetime(2027, 3, 31, 12, tzinfo=UTC)


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant\\_%'")
        return {row[0] for row in cursor.fetchall()}


def create(slug: str = "new_shop", **facts: str) -> tuple[Client, bool]:
    facts = {"name": "New Shop", "email": "owner@new.example"} | facts
    return lifecycle.create(slug, **facts)


def test_creating_makes_the_row_the_schema_and_a_first_publication(db: None) -> None:
    client, new = create(country="DE", phone="+49 30 1234", website="https://new.example")
    assert new
    stored = Client.objects.get(schema_name="tenant_new_shop")
    assert stored.pk == client.pk
    assert (stored.name, stored.email, stored.country) == ("New Shop", "owner@new.example", "DE")
    assert (stored.phone, stored.website) == ("+49 30 1234", "https://new.example")
    assert (stored.status, stored.slug) == ("active", "new_shop")
    assert stored.is_active
    assert [stored.limit_faqs, stored.limit_messages] == [None, None]
    assert "tenant_new_shop" in schemas()
    with client_context(client):
        assert Publication.objects.get().number == 1
        assert Form.objects.get().slug == "contact"
        number, bot = live_bot()
        assert (number, bot.texts["title"]) == (1, "New Shop")


def test_creating_twice_gives_the_same_client(db: None) -> None:
    first, _ = create()
    again, new = create("tenant_new_shop", name=" New Shop ", email="Owner@New.Example")
    assert (again.pk, new) == (first.pk, False)
    with client_context(first):
        assert Publication.objects.count() == 1
        assert Form.objects.count() == 1


@pytest.mark.parametrize("facts", [{"name": "Other"}, {"email": "other@new.example"}])
def test_an_id_that_another_business_has_is_refused(db: None, facts: dict[str, str]) -> None:
    create()
    with pytest.raises(ClientExists) as refused:
        create(**facts)
    assert (refused.value.code, refused.value.status) == ("client_exists", 409)
    assert Client.objects.get(schema_name="tenant_new_shop").name == "New Shop"


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        ({"slug": ""}, ["slug"]),
        ({"slug": "New"}, ["slug"]),
        ({"slug": "new-shop"}, ["slug"]),
        ({"slug": "new shop"}, ["slug"]),
        ({"slug": "_new"}, ["slug"]),
        ({"slug": "new\n"}, ["slug"]),
        ({"slug": 'a"; DROP SCHEMA public; --'}, ["slug"]),
        ({"slug": "n\u00f6rd"}, ["slug"]),
        ({"slug": "\u0661"}, ["slug"]),
        ({"slug": "a" * 57}, ["slug"]),
        ({"slug": "a\x00"}, ["slug"]),
        ({"name": ""}, ["name"]),
        ({"name": "   "}, ["name"]),
        ({"name": "n" * 121}, ["name"]),
        ({"name": "n\x00"}, ["name"]),
        ({"name": "\ud800"}, ["name"]),
        ({"email": ""}, ["email"]),
        ({"email": "owner"}, ["email"]),
        ({"email": "a@b.example, c@d.example"}, ["email"]),
        ({"email": "a\x00@b.example"}, ["email"]),
        ({"email": f"{'a' * 250}@new.example"}, ["email"]),
        ({"limit_faqs": "9"}, ["limit_faqs"]),
        ({"address": "x\x00"}, ["address"]),
        ({"legal_name": "\udfff"}, ["legal_name"]),
        ({"legal_name": "x" * 201}, ["legal_name"]),
        ({"country": "GBR"}, ["country"]),
        ({"phone": "1" * 41}, ["phone"]),
        ({"website": "https://new.example/" + "x" * 200}, ["website"]),
        ({"website": "javascript:alert(1)"}, ["website"]),
        ({"slug": "-", "name": "", "email": ""}, ["slug", "name", "email"]),
    ],
)
def test_bad_values_are_told_by_field_and_leave_nothing(
    db: None, facts: dict[str, str], fields: list[str]
) -> None:
    before = schemas()
    with pytest.raises(InvalidRequest) as refused:
        create(**facts)
    errors = refused.value.facts["errors"]
    assert [error["field"] for error in errors] == fields
    assert all(error["message"] and error["code"] for error in errors)
    assert schemas() == before


@pytest.mark.parametrize("slug", ["a", "7", "a_", "a" * 56, "2_b_c"])
def test_any_slug_the_rule_allows_becomes_a_schema(db: None, slug: str) -> None:
    client, _ = create(slug)
    assert client.schema_name == f"tenant_{slug}"
    assert client.schema_name in schemas()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Green Leaf & Co.", "green_leaf_co"),
        ("Caf\u00e9 M\u00fcnchen", "cafe_munchen"),
        ("  7-Eleven ", "7_eleven"),
        ("\u82b1\u5c4b", ""),
        ("<script>", "script"),
        ("x" * 120, "x" * 56),
    ],
)
def test_a_slug_is_made_of_a_name(name: str, slug: str) -> None:
    assert lifecycle.slug_of(name) == slug


def test_a_receiver_that_fails_leaves_nothing(db: None) -> None:
    before = schemas()

    def fail(client: Client, **_: Any) -> None:
        assert Faq.objects.count() == 0
        assert current_client() == client
        raise RuntimeError

    client_opened.connect(fail, sender=Client)
    try:
        with pytest.raises(RuntimeError):
            create()
    finally:
        client_opened.disconnect(fail, sender=Client)
    assert schemas() == before
    assert not Client.objects.filter(schema_name="tenant_new_shop").exists()
    assert create()[1]


def test_pausing_and_resuming(north: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        lifecycle.pause(north)
    assert (north.status, north.paused_at) == ("paused", NOON)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        lifecycle.pause(north)
    assert Client.objects.get(pk=north.pk).paused_at == NOON
    lifecycle.resume(north)
    stored = Client.objects.get(pk=north.pk)
    assert (stored.status, stored.paused_at) == ("active", None)
    lifecycle.resume(north)
    assert north.is_active


def test_closing_can_be_taken_back_within_the_grace_period(
    north: Client, settings: Settings
) -> None:
    settings.CLOSING_GRACE_DAYS = 14
    with time_machine.travel(NOON, tick=False):
        lifecycle.close(north)
    assert (north.status, north.closing_at) == ("closing", NOON + timedelta(days=14))
    with time_machine.travel(NOON + timedelta(days=14, seconds=-1), tick=False):
        assert lifecycle.remove_closed() == []
    lifecycle.resume(north)
    assert (north.status, north.closing_at) == ("active", None)
    with time_machine.travel(NOON + timedelta(days=400), tick=False):
        assert lifecycle.remove_closed() == []
    with client_context(north):
        assert Faq.objects.count() == 3


def test_closing_again_does_not_move_the_day(north: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        lifecycle.close(north)
    day = north.closing_at
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        lifecycle.close(north)
    assert Client.objects.get(pk=north.pk).closing_at == day


def test_a_closing_client_can_not_be_paused(north: Client) -> None:
    lifecycle.close(north)
    with pytest.raises(NotPossibleNow) as refused:
        lifecycle.pause(north)
    assert (refused.value.code, refused.value.status) == ("wrong_status", 409)
    assert Client.objects.get(pk=north.pk).is_closing


def test_a_paused_client_can_be_closed(north: Client) -> None:
    lifecycle.pause(north)
    lifecycle.close(north)
    assert north.is_closing


def test_after_the_grace_period_the_client_and_all_of_it_is_removed(
    north: Client, settings: Settings
) -> None:
    settings.CLOSING_GRACE_DAYS = 14
    Domain.objects.create(domain="chat.north.example", tenant=north, is_primary=True)
    with time_machine.travel(NOON, tick=False):
        lifecycle.close(north)
    with time_machine.travel(NOON + timedelta(days=14), tick=False):
        assert lifecycle.remove_closed() == ["tenant_north"]
        assert lifecycle.remove_closed() == []
    assert not Client.objects.filter(pk=north.pk).exists()
    assert not Domain.objects.exists()
    assert not Membership.objects.exists()
    assert not Usage.objects.filter(client_id=north.pk).exists()
    assert "tenant_north" not in schemas()
    assert "tenant_south" in schemas()


def test_only_a_closing_client_can_be_removed(north: Client) -> None:
    with pytest.raises(NotPossibleNow):
        lifecycle.remove(north)
    assert "tenant_north" in schemas()


def test_a_client_taken_back_is_not_removed_by_who_read_it_before(north: Client) -> None:
    lifecycle.close(north)
    read_before = Client.objects.get(pk=north.pk)
    lifecycle.resume(north)
    with pytest.raises(NotPossibleNow):
        lifecycle.remove(read_before)
    assert "tenant_north" in schemas()
    assert Client.objects.get(pk=north.pk).is_active


def test_a_client_taken_back_while_others_are_removed_stays(
    north: Client, south: Client, settings: Settings
) -> None:
    settings.CLOSING_GRACE_DAYS = 0
    lifecycle.close(north)
    lifecycle.close(south)

    def take_back_the_other(client: Client, **_: Any) -> None:
        other = south if client == north else north
        lifecycle.resume(other)

    client_closed.connect(take_back_the_other, sender=Client)
    try:
        removed = lifecycle.remove_closed()
    finally:
        client_closed.disconnect(take_back_the_other, sender=Client)
    assert len(removed) == 1
    assert schemas() == {"tenant_north", "tenant_south"} - set(removed)
    assert Client.objects.get().is_active


def test_removing_what_another_worker_removed_does_nothing(north: Client) -> None:
    lifecycle.close(north)
    read_before = Client.objects.get(pk=north.pk)
    lifecycle.remove(north)
    with pytest.raises(NotPossibleNow):
        lifecycle.remove(read_before)


def test_the_moments_are_told_in_the_clients_context(db: None) -> None:
    told: list[tuple[Signal, str, int]] = []

    def note(signal: Signal, client: Client, **_: Any) -> None:
        assert current_client() == client
        told.append((signal, client.schema_name, Faq.objects.count()))

    for moment in (client_opened, client_closed):
        moment.connect(note, sender=Client)
    try:
        client, _ = create()
        lifecycle.close(client)
        lifecycle.remove(client)
    finally:
        for moment in (client_opened, client_closed):
            moment.disconnect(note, sender=Client)
    assert told == [(client_opened, "tenant_new_shop", 0), (client_closed, "tenant_new_shop", 0)]


def test_a_namesake_of_a_removed_client_sees_nothing_old(north: Client) -> None:
    visitor = Visitor(north)
    visitor.start()
    assert visitor.say("when are you open").json()["decision"] == "answer"
    with client_context(north):
        # The test's transaction stands for the many that came before the removal's.
        connection.check_constraints()
    lifecycle.close(north)
    lifecycle.remove(north)

    namesake, new = lifecycle.create("north", name="North", email="owner@north.example")
    assert new
    assert namesake.pk != north.pk
    with client_context(namesake):
        assert Faq.objects.count() == 0
        # The process still keeps the old client's publication of the same number.
        import_faqs([{"question": "Who are you?", "answer": "Somebody else."}])
        publish()
    assert visitor.read().json()["code"] == "token_invalid"
    assert visitor.say("when are you open").json()["code"] == "token_invalid"
    fresh = Visitor(namesake)
    fresh.start()
    assert "9 to 6" not in fresh.say("when are you open").content.decode()
    assert fresh.say("who are you").json()["messages"][0]["text"] == "Somebody else."


@pytest.mark.parametrize(
    ("facts", "stored"),
    [
        ({"name": " Norther "}, {"name": "Norther"}),
        ({"email": "New@North.Example"}, {"email": "new@north.example"}),
        ({"country": "IE", "phone": ""}, {"country": "IE", "phone": ""}),
        ({"limit_faqs": 0, "limit_messages": None}, {"limit_faqs": 0, "limit_messages": None}),
        (
            {
                "allowed_origins": [
                    "North.Example/shop",
                    "https://north.example",
                    "http://a.example:80",
                ]
            },
            {"allowed_origins": ["https://north.example", "http://a.example"]},
        ),
        ({}, {}),
    ],
)
def test_changes_are_stored(north: Client, facts: dict[str, Any], stored: dict[str, Any]) -> None:
    lifecycle.change(north, **facts)
    found = Client.objects.get(pk=north.pk)
    assert {name: getattr(found, name) for name in stored} == stored


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "n\x00"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"email": "nobody"}, "email"),
        ({"address": "a\x00b"}, "address"),
        ({"legal_name": "l" * 201}, "legal_name"),
        ({"allowed_origins": ["ftp://north.example"]}, "allowed_origins"),
    ],
)
def test_a_change_that_can_not_be_is_refused(
    north: Client, facts: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        lifecycle.change(north, **facts)
    assert [error["field"] for error in refused.value.facts["errors"]] == [field]
    found = Client.objects.get(pk=north.pk)
    assert (found.name, found.email) == ("North", "owner@north.example")


def test_a_client_is_the_same_after_its_email_was_changed(north: Client) -> None:
    lifecycle.change(north, email="Other@North.Example")
    again, new = lifecycle.create("north", name="North", email="Other@North.Example")
    assert (again.pk, new) == (north.pk, False)


def test_the_faq_limit_holds_at_its_edge(north: Client) -> None:
    lifecycle.change(north, limit_faqs=4)
    rows = [{"question": f"Number {number}?", "answer": "Yes."} for number in range(3)]
    with client_context(north):
        report = import_faqs(rows)
        assert [row.outcome for row in report.rows] == ["created", "rejected", "rejected"]
        assert Faq.objects.count() == 4
    assert report.rows[1].reason == "4 faqs are included, and 4 are in use."


def test_a_limit_of_null_is_no_limit() -> None:
    from frontdesk.clients import limits  # noqa: PLC0415

    client = Client(limit_faqs=None, limit_members=2)
    limits.check(client, "faqs", used=10_000_000)
    limits.check(client, "members", used=1)
    with pytest.raises(LimitReached) as refused:
        limits.check(client, "members", used=2)
    assert refused.value.facts == {"limit_name": "members", "limit": 2, "used": 2}
