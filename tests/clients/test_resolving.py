"""Which client a request is for: the function, and the same over HTTP."""

from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from frontdesk.clients import lifecycle
from frontdesk.clients.models import Client, Domain
from frontdesk.clients.resolving import (
    ClientMismatch,
    ClientNotFound,
    host_of,
    is_main_host,
    resolve,
)

NORTH, SOUTH = "tenant_north", "tenant_south"
MISMATCH, NOT_FOUND = ClientMismatch, ClientNotFound

# (host, X-Client-ID or None, the client's ID, None for the main site, or the refusal)
CASES: list[tuple[str, str | None, Any]] = [
    # The main site: the header alone decides.
    ("localhost", None, None),
    ("localhost:8000", None, None),
    ("LOCALHOST", None, None),
    ("localhost.", None, None),
    ("127.0.0.1", None, None),
    ("127.0.0.1:8000", None, None),
    ("[::1]", None, None),
    ("[::1]:8000", None, None),
    ("localhost", NORTH, NORTH),
    ("localhost:8000", SOUTH, SOUTH),
    ("10.0.0.7", NORTH, NORTH),
    ("[::1]:8000", NORTH, NORTH),
    # The subdomain, however it is written.
    ("north.localhost", None, NORTH),
    ("north.localhost:8000", None, NORTH),
    ("NORTH.LocalHost", None, NORTH),
    ("north.localhost.", None, NORTH),
    ("north.localhost.:8000", None, NORTH),
    (" north.localhost ", None, NORTH),
    ("two-words.localhost", None, "tenant_two_words"),
    ("two_words.localhost", None, "tenant_two_words"),
    ("nobody.localhost", None, NOT_FOUND),
    (".localhost", None, NOT_FOUND),
    ("www.north.localhost", None, NOT_FOUND),
    ("north.localhost.evil.example", None, NOT_FOUND),
    ("northlocalhost", None, NOT_FOUND),
    ("tenant-north.localhost", None, NOT_FOUND),
    # The client's own domain.
    ("chat.north.example", None, NORTH),
    ("chat.north.example:443", None, NORTH),
    ("Chat.North.Example.", None, NORTH),
    ("other.north.example", None, NOT_FOUND),
    ("north.example", None, NOT_FOUND),
    # Both agree.
    ("north.localhost", NORTH, NORTH),
    ("two-words.localhost:8000", "tenant_two_words", "tenant_two_words"),
    ("chat.north.example", NORTH, NORTH),
    # Both disagree: whatever is behind either of the names.
    ("north.localhost", SOUTH, MISMATCH),
    ("south.localhost", NORTH, MISMATCH),
    ("north.localhost", "tenant_nobody", MISMATCH),
    ("nobody.localhost", NORTH, MISMATCH),
    ("north.localhost", "", MISMATCH),
    ("north.localhost", "TENANT_NORTH", MISMATCH),
    ("north.localhost", "public", MISMATCH),
    ("chat.north.example", SOUTH, MISMATCH),
    ("chat.north.example", "tenant_nobody", MISMATCH),
    ("chat.north.example", "", MISMATCH),
    # An address that is nobody's: the header alone decides.
    ("intranet", NORTH, NORTH),
    ("intranet.example:8000", SOUTH, SOUTH),
    ("intranet.example", None, NOT_FOUND),
    ("", None, NOT_FOUND),
    ("", NORTH, NORTH),
    # What is no client ID.
    ("localhost", "tenant_nobody", NOT_FOUND),
    ("localhost", "", NOT_FOUND),
    ("localhost", "north", NOT_FOUND),
    ("localhost", "TENANT_NORTH", NOT_FOUND),
    ("localhost", "Tenant_north", NOT_FOUND),
    ("localhost", " tenant_north", NOT_FOUND),
    ("localhost", "tenant_north\n", NOT_FOUND),
    ("localhost", "tenant_", NOT_FOUND),
    ("localhost", "public", NOT_FOUND),
    ("localhost", "pg_catalog", NOT_FOUND),
    ("localhost", "information_schema", NOT_FOUND),
    ("localhost", "tenant_north,tenant_south", NOT_FOUND),
    ("localhost", "tenant_north, tenant_north", NOT_FOUND),
    ("localhost", "tenant_north' OR '1'='1", NOT_FOUND),
    ("localhost", 'tenant_north"; DROP SCHEMA tenant_south; --', NOT_FOUND),
    ("localhost", "tenant_north%", NOT_FOUND),
    ("localhost", "tenant_nor_h", NOT_FOUND),
    ("localhost", "tenant_../north", NOT_FOUND),
    ("localhost", "tenant_n\u00f6rth", NOT_FOUND),
    ("localhost", "tenant_north\x00", NOT_FOUND),
    ("localhost", "tenant_" + "a" * 57, NOT_FOUND),
    ("localhost", "tenant_" + "a" * 10_000, NOT_FOUND),
    ("north' OR '1'='1.localhost", None, NOT_FOUND),
    ("north%00.localhost", None, NOT_FOUND),
    ("x' OR '1'='1", None, NOT_FOUND),
    ("\x00.example", None, NOT_FOUND),
]


@pytest.fixture
def domains(north: Client, south: Client) -> None:
    Domain.objects.create(domain="chat.north.example", tenant=north, is_primary=True)
    lifecycle.create("two_words", name="Two", email="owner@two.example")


def outcome(host: str, client_id: str | None) -> Any:
    try:
        client = resolve(host, client_id)
    except (ClientMismatch, ClientNotFound) as refusal:
        return type(refusal)
    return client and client.schema_name


@pytest.mark.usefixtures("domains")
def test_host_and_header_decide_together() -> None:
    wrong = [
        (host, client_id, expected, found)
        for host, client_id, expected in CASES
        if (found := outcome(host, client_id)) != expected
    ]
    assert wrong == []


@pytest.mark.usefixtures("domains")
def test_a_client_is_found_whatever_its_status(north: Client) -> None:
    lifecycle.pause(north)
    assert resolve("north.localhost").is_paused  # type: ignore[union-attr]
    lifecycle.close(north)
    assert resolve("localhost", NORTH).is_closing  # type: ignore[union-attr]
    assert resolve("chat.north.example").is_closing  # type: ignore[union-attr]


def test_what_is_found_is_the_whole_client(north: Client) -> None:
    found = resolve("north.localhost")
    assert found is not None
    fields = [field.attname for field in Client._meta.concrete_fields]
    assert {name: getattr(found, name) for name in fields} == {
        name: getattr(north, name) for name in fields
    }
    assert not found._state.adding


def test_a_change_is_seen_by_the_next_request(north: Client) -> None:
    assert resolve("localhost", NORTH).name == "North"  # type: ignore[union-attr]
    lifecycle.change(north, name="Norther")
    assert resolve("localhost", NORTH).name == "Norther"  # type: ignore[union-attr]


def test_the_base_domain_may_have_several_parts(settings: Settings, north: Client) -> None:
    settings.BASE_DOMAIN = "bots.frontdesk.example"
    settings.BASE_URL = "https://www.frontdesk.example"
    assert outcome("north.bots.frontdesk.example", None) == NORTH
    assert outcome("bots.frontdesk.example", None) is None
    assert outcome("www.frontdesk.example", None) is None
    assert outcome("north.frontdesk.example", None) is NOT_FOUND
    assert outcome("north.localhost", None) is NOT_FOUND
    assert host_of(north) == "north.bots.frontdesk.example"


def test_the_host_of_a_client_resolves_to_it(settings: Settings, north: Client) -> None:
    settings.BASE_URL = "http://localhost:8123"
    client, _ = lifecycle.create("two_words", name="Two", email="owner@two.example")
    assert host_of(client) == "two-words.localhost:8123"
    assert outcome(host_of(client), None) == "tenant_two_words"


@pytest.mark.parametrize(
    ("host", "is_main"),
    [
        ("localhost", True),
        ("192.168.1.20:8000", True),
        ("[fe80::1]:8000", True),
        ("north.localhost", False),
        ("999.1.1.1", False),
        ("", False),
    ],
)
def test_ip_addresses_are_the_main_sites(host: str, *, is_main: bool) -> None:
    assert is_main_host(host) is is_main


# The same over HTTP: (host, headers, status, code)
HTTP_CASES = [
    ("localhost", {}, 404, "client_not_found"),
    ("localhost", {"X-Client-ID": NORTH}, 200, None),
    ("127.0.0.1:8000", {"X-Client-ID": NORTH}, 200, None),
    ("north.localhost:8000", {}, 200, None),
    ("NORTH.localhost.", {}, 200, None),
    ("north.localhost", {"X-Client-ID": NORTH}, 200, None),
    ("chat.north.example", {}, 200, None),
    ("chat.north.example", {"X-Client-ID": NORTH}, 200, None),
    ("chat.north.example", {"X-Client-ID": SOUTH}, 400, "client_mismatch"),
    ("north.localhost", {"X-Client-ID": SOUTH}, 400, "client_mismatch"),
    ("nobody.localhost", {"X-Client-ID": NORTH}, 400, "client_mismatch"),
    ("localhost", {"X-Client-ID": "tenant_nobody"}, 404, "client_not_found"),
    ("nobody.localhost", {}, 404, "client_not_found"),
    ("nobody.example", {}, 404, "client_not_found"),
    ("localhost", {"X-Client-ID": "tenant_north'--"}, 404, "client_not_found"),
]


@pytest.mark.usefixtures("domains")
@pytest.mark.parametrize(("host", "headers", "status", "code"), HTTP_CASES)
def test_the_door_tells_who_is_meant(
    host: str, headers: dict[str, str], status: int, code: str | None
) -> None:
    response = Browser(HTTP_HOST=host).get("/api/v1/widget/config", headers=headers)
    assert response.status_code == status
    if code is None:
        assert response.json()["client"] == NORTH
    else:
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == code
        assert response.json()["status"] == status


def test_refusals_name_no_client_that_exists(north: Client) -> None:
    """An unknown ID and one that can't be an ID get the same answer."""
    browser = Browser(HTTP_HOST="localhost")
    answers = {
        browser.get("/api/v1/widget/config", headers={"X-Client-ID": name}).content
        for name in ("tenant_nobody", "tenant_", "", "public", "tenant_north;")
    }
    assert len(answers) == 1


def test_a_person_gets_a_page_and_a_program_a_problem(north: Client) -> None:
    browser = Browser(HTTP_HOST="nobody.localhost")
    page = browser.get("/", headers={"Accept": "text/html"})
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such client" in page.content.decode()
    program = browser.get("/", headers={"Accept": "application/json"})
    assert (program.status_code, program.json()["code"]) == (404, "client_not_found")


def test_the_main_sites_pages_are_not_on_a_clients_host(north: Client) -> None:
    browser = Browser(HTTP_HOST="north.localhost")
    for path in ("/operator/", "/sign-in/", "/sign-out/", "/api/docs"):
        assert browser.get(path).status_code == 404, path
    assert browser.get("/").status_code == 200


def test_health_answers_for_any_host(north: Client) -> None:
    for host in ("nobody.example", "10.0.0.1", "north.localhost", "localhost"):
        browser = Browser(HTTP_HOST=host)
        for path in ("/healthz", "/readyz"):
            response = browser.get(path, headers={"X-Client-ID": "tenant_nobody"})
            assert (response.status_code, response.content) == (200, b"ok")
