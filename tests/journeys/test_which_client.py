"""Header, subdomain, both, unknown and paused, from outside of the process."""

import http.client
import json
import uuid
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.installs import Install

pytestmark = pytest.mark.journey


def ask(
    install: Install, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, Any]:
    address = urlsplit(install.base_url)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent.setdefault("Host", f"localhost:{address.port}")
    if body is not None:
        sent["Content-Type"] = "application/json"
    with closing(http.client.HTTPConnection("127.0.0.1", address.port, timeout=10)) as connection:
        connection.request(method, f"/api/v1/widget/{path}", json.dumps(body), sent)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


@pytest.mark.parametrize(
    ("host", "header", "status", "told"),
    [
        ("localhost", "tenant_greenleaf", 200, "tenant_greenleaf"),
        ("127.0.0.1", "tenant_greenleaf", 200, "tenant_greenleaf"),
        ("greenleaf.localhost", None, 200, "tenant_greenleaf"),
        ("Greenleaf.Localhost.", None, 200, "tenant_greenleaf"),
        ("greenleaf.localhost", "tenant_greenleaf", 200, "tenant_greenleaf"),
        ("greenleaf.localhost", "tenant_brightsmile", 400, "client_mismatch"),
        ("nosuch.localhost", "tenant_greenleaf", 400, "client_mismatch"),
        ("localhost", None, 404, "client_not_found"),
        ("localhost", "tenant_nosuch", 404, "client_not_found"),
        ("localhost", "public", 404, "client_not_found"),
        ("localhost", 'tenant_greenleaf"; DROP SCHEMA public', 404, "client_not_found"),
        ("localhost", "", 404, "client_not_found"),
        ("nosuch.localhost", None, 404, "client_not_found"),
        ("elsewhere.example", None, 404, "client_not_found"),
    ],
)
def test_the_client_is_named_by_header_or_host(
    install: Install, host: str, header: str | None, status: int, told: str
) -> None:
    headers = {"Host": f"{host}:{urlsplit(install.base_url).port}"}
    if header is not None:
        headers["X_Client_ID"] = header
    answered, body = ask(install, "GET", "config", **headers)
    assert (answered, body.get("client") or body.get("code")) == (status, told)


def test_a_paused_client_shows_its_away_text_and_takes_submissions(install: Install) -> None:
    install.run("clients", "create", "pausing", "--name", "Pausing")
    me = {"X_Client_ID": "tenant_pausing"}
    _, opened = ask(install, "POST", "conversations", {"locale": "en"}, **me)
    install.run("clients", "pause", "pausing")
    status, config = ask(install, "GET", "config", **me)
    assert (status, config["status"], config["greeting"]["options"]) == (200, "paused", [])
    assert config["greeting"]["text"] == config["texts"]["away"]
    said = {"id": str(uuid.uuid4()), "text": "hello"}
    path = f"conversations/{opened['id']}/messages"
    status, reply = ask(install, "POST", path, said, X_Conversation_Token=opened["token"], **me)
    assert status == 200
    assert [message["type"] for message in reply["messages"]] == ["text", "form"]
    assert reply["messages"][0]["text"] == config["texts"]["away"]
    values = {"name": "Ann", "email": "ann@pausing.example", "message": "Hello"}
    form = f"forms/{config['form']['id']}/submissions"
    status, _ = ask(install, "POST", form, {"id": str(uuid.uuid4()), "values": values}, **me)
    assert status == 201
    assert install.sql("SELECT count(*) FROM tenant_pausing.visitor_forms_submission") == [(1,)]
    install.run("clients", "resume", "pausing")
    said = {"id": str(uuid.uuid4()), "text": "hello"}
    _, reply = ask(install, "POST", path, said, X_Conversation_Token=opened["token"], **me)
    assert reply["decision"] == "rule"


def test_a_closed_client_is_gone_for_visitors_and_a_removed_one_unknown(install: Install) -> None:
    install.run("clients", "create", "leaving")
    install.run("clients", "delete", "leaving")
    status, body = ask(install, "GET", "config", X_Client_ID="tenant_leaving")
    assert (status, body["code"]) == (410, "client_closing")
    install.run("clients", "delete", "leaving", "--now")
    status, body = ask(install, "GET", "config", X_Client_ID="tenant_leaving")
    assert (status, body["code"]) == (404, "client_not_found")
    schemas = install.sql("SELECT nspname FROM pg_namespace WHERE nspname = 'tenant_leaving'")
    assert schemas == []
