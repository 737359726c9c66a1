"""The operator's console, as pages."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from frontdesk.accounts.models import User
from frontdesk.accounts.sign_in import make_operator_link
from frontdesk.clients import lifecycle
from frontdesk.clients.models import Client
from frontdesk.clients.resolving import by_id

PAGES = ["/operator/", "/operator/clients/new/", "/operator/clients/tenant_north/"]
ACTIONS = ["pause", "resume", "close", "origins"]


@pytest.fixture
def operator(db: None) -> Browser:
    browser = Browser(HTTP_HOST="localhost")
    browser.get(urlsplit(make_operator_link("http://localhost")).path)
    return browser


def text_of(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_sign_in(page: str) -> None:
    response = Browser(HTTP_HOST="localhost").get(page)
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={page}")


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_a_user_who_is_no_operator_is_refused(page: str) -> None:
    browser = Browser(HTTP_HOST="localhost")
    browser.force_login(User.objects.create_user("member@north.example"))
    assert browser.get(page).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_else_can_act(action: str) -> None:
    path = f"/operator/clients/tenant_north/{action}/"
    assert Browser(HTTP_HOST="localhost").post(path).status_code == 302
    browser = Browser(HTTP_HOST="localhost")
    browser.force_login(User.objects.create_user("member@north.example"))
    assert browser.post(path).status_code == 403
    assert by_id("tenant_north").is_active


@pytest.mark.parametrize("action", ACTIONS)
def test_acting_takes_a_form_with_a_token(operator: Browser, action: str) -> None:
    strict = Browser(HTTP_HOST="localhost", enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    path = f"/operator/clients/tenant_north/{action}/"
    assert strict.post(path).status_code == 403
    assert operator.get(path).status_code == 405
    assert by_id("tenant_north").is_active


@pytest.mark.parametrize("page", [*PAGES, "/sign-in/", "/nosuch/"])
def test_pages_come_under_a_strict_policy(operator: Browser, page: str) -> None:
    policy = operator.get(page)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert operator.get(page)["X-Frame-Options"] == "DENY"


def test_a_client_is_made_with_name_and_e_mail(operator: Browser) -> None:
    sent = {"name": "Acme Bakery", "email": "Owner@Acme.example"}
    response = operator.post("/operator/clients/new/", sent)
    assert response["Location"] == "/operator/clients/tenant_acme_bakery/"
    made = by_id("tenant_acme_bakery")
    assert (made.name, made.email) == ("Acme Bakery", "owner@acme.example")
    page = text_of(operator.get(response["Location"]))
    assert "data-client=&quot;tenant_acme_bakery&quot;" in page or "tenant_acme_bakery" in page
    assert "Acme Bakery is ready to be taught." in page
    again = operator.post("/operator/clients/new/", sent)
    assert again["Location"] == response["Location"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"name": "", "email": "a@b.example"}, "This field is required."),
        ({"name": "A", "email": "nonsense"}, "Enter a valid email address."),
        ({"name": "A", "email": "a@b.example", "slug": "No Good"}, "lower-case letters"),
        ({"name": "日本", "email": "a@b.example"}, "choose an ID"),
        ({"name": "A", "email": "a@b.example", "slug": "north"}, "Another business has this ID"),
    ],
)
def test_what_can_not_be_made_is_told_beside_the_field(
    operator: Browser, north: Client, sent: dict[str, str], told: str
) -> None:
    before = Client.objects.count()
    response = operator.post("/operator/clients/new/", sent)
    assert response.status_code == 422
    assert told in text_of(response)
    assert f'value="{sent["email"]}"' in text_of(response)
    assert Client.objects.count() == before


def test_pause_resume_and_close(operator: Browser, north: Client) -> None:
    for action, status in (("pause", "paused"), ("resume", "active"), ("close", "closing")):
        response = operator.post(f"/operator/clients/tenant_north/{action}/")
        assert response["Location"] == "/operator/clients/tenant_north/"
        assert by_id("tenant_north").status == status
        assert operator.get(response["Location"]).status_code == 200
    response = operator.post("/operator/clients/tenant_north/pause/", follow=True)
    assert "The client is closing." in text_of(response)


def test_allowed_websites_are_kept_as_origins(operator: Browser, north: Client) -> None:
    path = "/operator/clients/tenant_north/origins/"
    operator.post(path, {"origins": "https://North.example/shop\nnorth.example:8443\n\n"})
    assert by_id("tenant_north").allowed_origins == [
        "https://north.example",
        "https://north.example:8443",
    ]
    response = operator.post(path, {"origins": "javascript:alert(1)"})
    assert response.status_code == 422
    assert "is not the address of a website" in text_of(response)
    assert len(by_id("tenant_north").allowed_origins) == 2


def test_a_name_can_not_carry_markup(operator: Browser) -> None:
    lifecycle.create("xss", name="<script>alert(1)</script>", email="x@xss.example")
    for page in ("/operator/", "/operator/clients/tenant_xss/"):
        assert "<script>alert" not in text_of(operator.get(page))
        assert "&lt;script&gt;alert" in text_of(operator.get(page))


def test_the_list_is_searched_and_filtered(operator: Browser, north: Client, south: Client) -> None:
    assert "North" in text_of(operator.get("/operator/", {"q": "nor"}))
    assert "tenant_south" not in text_of(operator.get("/operator/", {"q": "nor"}))
    lifecycle.pause(south)
    paused = text_of(operator.get("/operator/", {"status": "paused"}))
    assert "tenant_south" in paused
    assert "tenant_north" not in paused
    assert "No client fits" in text_of(operator.get("/operator/", {"q": "zzz"}))
    assert operator.get("/operator/", {"cursor": "nonsense"}).status_code == 302
    assert operator.get("/operator/", {"status": "x' OR 1=1"}).status_code == 200


def test_the_list_asks_as_much_for_three_clients_as_for_one(
    operator: Browser, north: Client, south: Client
) -> None:
    counts = []
    for search in ("north", ""):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert operator.get("/operator/", {"q": search}).status_code == 200
        counts.append(len(queries))
    # Session, user, clients, their domains.
    assert counts == [4, 4]


@pytest.mark.parametrize("client_id", ["tenant_nosuch", "public", "tenant_a'b", "..%2f"])
def test_an_unknown_client_is_not_found(operator: Browser, client_id: str) -> None:
    assert operator.get(f"/operator/clients/{client_id}/").status_code == 404


def test_a_clients_own_host_has_no_console(operator: Browser, north: Client) -> None:
    for path in ("/operator/", "/sign-in/"):
        assert Browser(HTTP_HOST="north.localhost").get(path).status_code == 404
