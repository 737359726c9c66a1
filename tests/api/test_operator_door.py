"""The operator's programs' door over HTTP."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from frontdesk.accounts.models import OperatorKey
from frontdesk.accounts.operator_keys import make_operator_key
from frontdesk.bot.models import Faq, Publication
from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from frontdesk.clients.resolving import by_id
from tests.conftest import Visitor

ROOT = "/api/v1/operator"
ACME = {"name": "Acme Bakery", "email": "owner@acme.example"}
Call = Callable[..., Any]


def call_with(key: str) -> Call:
    browser = Browser(HTTP_HOST="localhost")

    def call(
        method: str, path: str, body: Any = None, kind: str = "application/json", **headers: str
    ) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, str) else json.dumps(body)
        return browser.generic(
            method,
            ROOT + path,
            b"" if body is None else data.encode(),
            content_type=kind,
            headers={"Authorization": f"Bearer {key}"} | sent,
        )

    return call


@pytest.fixture
def call(db: None) -> Call:
    return call_with(make_operator_key("test"))


ROUTES = [
    ("POST", "/clients"),
    ("GET", "/clients"),
    ("GET", "/clients/tenant_north"),
    ("PATCH", "/clients/tenant_north"),
    ("DELETE", "/clients/tenant_north"),
    ("POST", "/clients/tenant_north/pause"),
    ("POST", "/clients/tenant_north/resume"),
    ("GET", "/clients/tenant_north/usage"),
    ("GET", "/clients/tenant_north/bot"),
    ("PATCH", "/clients/tenant_north/bot"),
    ("GET", "/clients/tenant_north/export"),
    ("POST", "/clients/tenant_north/faqs/import"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer fdo_wrong", "Basic Zm86YmFy"])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_wants_a_key(method: str, path: str, authorization: str) -> None:
    response = Browser(HTTP_HOST="localhost").generic(
        method, ROOT + path, b"{}", "application/json", headers={"Authorization": authorization}
    )
    assert (response.status_code, response.json()["code"]) == (401, "key_invalid")
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert by_id("tenant_north").is_active


def test_the_list_of_routes_above_is_all_of_them(call: Call) -> None:
    document = Browser(HTTP_HOST="localhost").get("/api/v1/openapi.json").json()
    routes = {
        (method.upper(), path.removeprefix(ROOT).replace("{client_id}", "tenant_north"))
        for path, operations in document["paths"].items()
        if path.startswith(ROOT)
        for method in operations
    }
    assert routes == set(ROUTES)


def test_a_revoked_key_is_refused(call: Call) -> None:
    OperatorKey.objects.update(revoked_at=timezone.now())
    assert call("GET", "/clients").status_code == 401


def test_a_client_is_made_once(call: Call) -> None:
    first = call("POST", "/clients", ACME)
    assert (first.status_code, first.json()["id"]) == (201, "tenant_acme_bakery")
    assert first.json()["host"].startswith("acme-bakery.localhost")
    assert first.json()["limits"]["faqs"] is None
    again = call("POST", "/clients", ACME)
    assert (again.status_code, again.json()) == (200, first.json())
    other = call("POST", "/clients", ACME | {"email": "other@acme.example"})
    assert (other.status_code, other.json()["code"]) == (409, "client_exists")
    assert Visitor(by_id("tenant_acme_bakery")).start().status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        (ACME | {"name": "  "}, "name"),
        (ACME | {"email": "nonsense"}, "email"),
        (ACME | {"slug": "No Good"}, "slug"),
        (ACME | {"slug": 'a"; DROP SCHEMA public; --'}, "slug"),
        (ACME | {"name": "日本"}, "slug"),
        (ACME | {"country": "Britain"}, "country"),
        (ACME | {"website": "javascript:alert(1)"}, "website"),
        (ACME | {"name": "a\x00b"}, "name"),
    ],
)
def test_bad_values_are_told_by_field(call: Call, body: dict[str, str], field: str) -> None:
    before = Client.objects.count()
    response = call("POST", "/clients", body)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert response.json()["errors"][0]["field"] == field
    assert response["Content-Type"] == "application/problem+json"
    assert Client.objects.count() == before


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "null"])
def test_what_is_not_an_object_is_refused(call: Call, body: str) -> None:
    response = call("POST", "/clients", body or "")
    assert response.status_code in (400, 422)
    assert response.json()["code"] == "invalid_request"


def test_pages_lead_from_one_to_the_next(call: Call, north: Client, south: Client) -> None:
    first = call("GET", "/clients?limit=1").json()
    assert [client["id"] for client in first["clients"]] == ["tenant_north"]
    second = call("GET", f"/clients?limit=1&cursor={first['next_cursor']}").json()
    assert [client["id"] for client in second["clients"]] == ["tenant_south"]
    assert second["next_cursor"] is None
    assert call("GET", "/clients?cursor=nonsense").status_code == 422
    assert call("GET", "/clients?limit=0").status_code == 422
    lifecycle.pause(south)
    paused = call("GET", "/clients?status=paused").json()
    assert [client["id"] for client in paused["clients"]] == ["tenant_south"]


def test_the_list_asks_as_much_for_three_as_for_one(call: Call, north: Client) -> None:
    call("GET", "/clients")
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            call("GET", "/clients")
        # The key, the page, its domains.
        assert len(queries) == 3
        lifecycle.create("third", name="Third", email="a@third.example")


def test_what_is_sent_is_changed_and_nothing_else(call: Call, north: Client) -> None:
    changed = call(
        "PATCH",
        "/clients/tenant_north",
        {"limits": {"messages": 5}, "allowed_origins": ["HTTPS://North.example/"]},
    ).json()
    assert changed["limits"]["messages"] == 5
    assert changed["limits"]["faqs"] is None
    assert changed["allowed_origins"] == ["https://north.example"]
    assert changed["name"] == "North"
    changed = call("PATCH", "/clients/tenant_north", {"limits": {"messages": None}}).json()
    assert changed["limits"]["messages"] is None
    assert changed["allowed_origins"] == ["https://north.example"]
    refused = call("PATCH", "/clients/tenant_north", {"allowed_origins": ["ftp://x"]})
    assert refused.status_code == 422
    assert call("PATCH", "/clients/tenant_north", {"limits": {"faqs": -1}}).status_code == 422


def test_a_client_answers_at_its_own_domain(call: Call, north: Client, south: Client) -> None:
    sent = {"domains": ["Chat.North.example.", "b\u00fccher.example"]}
    changed = call("PATCH", "/clients/tenant_north", sent).json()
    assert changed["domains"] == ["chat.north.example", "xn--bcher-kva.example"]
    config = Browser(HTTP_HOST="chat.north.example:8000").get("/api/v1/widget/config")
    assert config.json()["client"] == "tenant_north"
    taken = call("PATCH", "/clients/tenant_south", {"domains": ["chat.north.example"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "domain_taken")
    call("PATCH", "/clients/tenant_north", {"domains": []})
    assert Browser(HTTP_HOST="chat.north.example").get("/").status_code == 404


@pytest.mark.parametrize(
    "domain", ["localhost", "x.localhost", "127.0.0.1", "a b.example", "http://a.example", "", "a"]
)
def test_a_domain_that_can_not_be_one_is_told(call: Call, north: Client, domain: str) -> None:
    response = call("PATCH", "/clients/tenant_north", {"name": "X", "domains": [domain]})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "domains")
    assert by_id("tenant_north").name == "North"


def test_pause_resume_close_and_take_back(call: Call, north: Client) -> None:
    assert call("POST", "/clients/tenant_north/pause").json()["status"] == "paused"
    assert call("POST", "/clients/tenant_north/pause").json()["status"] == "paused"
    assert call("POST", "/clients/tenant_north/resume").json()["status"] == "active"
    closing = call("DELETE", "/clients/tenant_north")
    assert (closing.status_code, closing.json()["status"]) == (202, "closing")
    assert closing.json()["closing_at"]
    refused = call("POST", "/clients/tenant_north/pause")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_status")
    assert call("POST", "/clients/tenant_north/resume").json()["closing_at"] is None


def test_usage_is_what_was_said(call: Call, visitor: Visitor) -> None:
    lifecycle.change(visitor.client, limit_messages=9)
    visitor.say("hello")
    visitor.say("when are you open")
    usage = call("GET", "/clients/tenant_north/usage").json()
    assert (usage["messages"], usage["messages_limit"]) == (2, 9)
    assert usage["month"][:8] + "01" == usage["month"]


@pytest.mark.parametrize("client_id", ["tenant_nosuch", "north", "public", "tenant_%27"])
def test_an_unknown_client_is_not_found(call: Call, client_id: str) -> None:
    response = call("GET", f"/clients/{client_id}")
    assert (response.status_code, response.json()["code"]) == (404, "client_not_found")


def test_faqs_are_imported_with_a_report_on_every_row(call: Call, south: Client) -> None:
    file = "id,question,answer\na,When?,Now.\nb,Where?,\nc,Who?,[x](javascript:1)\n"
    path = "/clients/tenant_south/faqs/import"
    report = call("POST", path, file, "text/csv").json()
    assert [(row["row"], row["id"], row["outcome"]) for row in report["rows"]] == [
        (1, "a", "created"),
        (2, "b", "rejected"),
        (3, "c", "rejected"),
    ]
    assert (report["created"], report["rejected"], report["publication"]) == (1, 2, 2)
    visitor = Visitor(south)
    visitor.start()
    assert visitor.press("faq:a").json()["messages"][0]["text"] == "Now."
    as_json = [{"id": "a", "question": "When?", "answer": "Now."}]
    report = call("POST", f"{path}?publish=false", as_json).json()
    assert (report["unchanged"], report["publication"]) == (1, None)
    with client_context(south):
        assert (Faq.objects.count(), Publication.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("body", "kind"),
    [("name,answer\nx,y\n", "text/csv"), ("{", "application/json"), ("5", "application/json")],
)
def test_a_file_that_is_none_is_refused_whole(
    call: Call, south: Client, body: str, kind: str
) -> None:
    response = call("POST", "/clients/tenant_south/faqs/import", body, kind)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "file")


def test_a_key_makes_a_write_happen_once(call: Call) -> None:
    first = call("POST", "/clients", ACME, Idempotency_Key="k1")
    again = call("POST", "/clients", ACME, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    reused = call("POST", "/clients", ACME | {"name": "Other"}, Idempotency_Key="k1")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    other = call_with(make_operator_key("other"))
    assert other("POST", "/clients", ACME, Idempotency_Key="k1").status_code == 200


def test_a_refused_write_may_be_mended_under_the_same_key(call: Call) -> None:
    bad = call("POST", "/clients", ACME | {"slug": "No Good"}, Idempotency_Key="k2")
    assert bad.status_code == 422
    assert call("POST", "/clients", ACME, Idempotency_Key="k2").status_code == 201


def test_of_many_at_once_under_one_key_one_acts(
    django_db_setup: None, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        key = make_operator_key("many")
        answers: list[tuple[int, bool]] = []

        def send() -> None:
            body = ACME | {"slug": "at_once"}
            response = call_with(key)("POST", "/clients", body, Idempotency_Key="k3")
            answers.append((response.status_code, "Idempotency-Replayed" in response))
            connections.close_all()

        threads = [threading.Thread(target=send) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client = by_id("tenant_at_once")
        lifecycle.close(client)
        lifecycle.remove(client)
        OperatorKey.objects.all().delete()
        assert sorted(answers) == [(201, False)] + [(201, True)] * 5


def test_rates_are_told_and_held(call: Call) -> None:
    with override_settings(RATE_OPERATOR=2):
        assert call("GET", "/clients")["RateLimit-Remaining"] == "1"
        call("GET", "/clients")
        refused = call("GET", "/clients")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["RateLimit-Remaining"] == "0"
    assert refused["RateLimit-Limit"] == "2"


def test_the_document_says_that_any_call_may_be_refused(db: None) -> None:
    document = Browser(HTTP_HOST="localhost").get("/api/v1/openapi.json").json()
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len(operations) > 15
    for operation in operations:
        assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert Browser(HTTP_HOST="localhost").get("/api/docs").status_code == 200
