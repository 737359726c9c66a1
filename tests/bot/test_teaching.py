"""Changing what the bot says: by API and command line, checked before anything is stored."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from frontdesk.accounts.operator_keys import make_operator_key
from frontdesk.bot.importing import import_faqs
from frontdesk.bot.models import Publication, Settings, Synonym
from frontdesk.bot.publishing import publish
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from tests.conftest import Visitor

LESSON = {
    "texts": {"greeting": "Good day. What may it be?", "away": "Back on Monday."},
    "theme": {"accent": "#102030", "radius": 4},
    "handoffs": [
        {"id": "wa", "kind": "whatsapp", "label": "WhatsApp", "number": "+44 20 7946 0100"},
        {"id": "mail", "kind": "email", "label": "Write", "address": "hello@south.example"},
    ],
    "options": [
        {
            "id": "people",
            "label": "Talk to us",
            "kind": "options",
            "options": [{"id": "wa", "label": "WhatsApp", "kind": "handoff", "handoff": "wa"}],
        },
        {"id": "write", "label": "Leave a message", "kind": "form"},
    ],
    "hours": {"time_zone": "Europe/London", "week": {"mon": [["09:00", "17:00"]]}},
    "synonyms": [["refund", "money back"]],
    "form": {
        "title": "Call me back",
        "submit_label": "Ask for a call",
        "thanks": "We will call.",
        "fields": [{"name": "phone", "type": "phone", "label": "Phone", "required": True}],
    },
}

LINK = {"id": "a", "kind": "link", "label": "A"}


def patch(client: Client, lesson: Any, query: str = "") -> Any:
    return Browser(HTTP_HOST="localhost").patch(
        f"/api/v1/operator/clients/{client.schema_name}/bot{query}",
        json.dumps(lesson),
        "application/json",
        headers={"Authorization": f"Bearer {make_operator_key('test')}"},
    )


def test_what_is_taught_is_what_the_visitor_meets(south: Client) -> None:
    assert patch(south, LESSON).json() == {"publication": 2}
    visitor = Visitor(south)
    config = visitor.call("GET", "config").json()
    assert config["greeting"]["text"] == "Good day. What may it be?"
    assert (config["theme"]["accent"], config["theme"]["position"]) == ("#102030", "end")
    assert [field["name"] for field in config["form"]["fields"]] == ["phone"]
    visitor.start()
    assert visitor.press("people").json()["messages"][0]["options"][0]["id"] == "wa"
    (offer,) = visitor.press("wa").json()["messages"]
    assert offer["handoff"]["url"] == "https://wa.me/442079460100"


def test_a_draft_changes_nothing_for_visitors(south: Client) -> None:
    assert patch(south, LESSON, "?publish=false").json() == {"publication": None}
    assert Visitor(south).call("GET", "config").json()["publication"] == 1


@pytest.mark.parametrize(
    ("lesson", "field"),
    [
        ({"texts": {"greting": "typo"}}, "texts.greting"),
        ({"texts": {"away": "[x](javascript:alert(1))"}}, "texts.away"),
        ({"theme": {"accent": "red; background: url(//evil)"}}, "theme.accent"),
        ({"handoffs": [LINK | {"url": "javascript:1"}]}, "handoffs.0.link.url"),
        ({"handoffs": [{"id": "a", "kind": "fax", "label": "A"}]}, "handoffs.0"),
        ({"options": [{"id": "a", "label": "A", "kind": "faq", "faq": "nosuch"}]}, "options"),
        ({"options": [{"id": "a", "label": "A", "kind": "handoff", "handoff": "x"}]}, "options"),
        ({"options": [{"id": "a", "label": "A", "kind": "options", "options": []}]}, "options"),
        ({"options": [{"id": "a", "label": "A", "kind": "form"}] * 2}, "options"),
        ({"hours": {"time_zone": "Mars/Olympus", "week": {}}}, "hours.time_zone"),
        ({"hours": {"time_zone": "UTC", "week": {"mon": [["9", "17"]]}}}, "hours.week.mon.0.0"),
        ({"synonyms": [["alone"]]}, "synonyms.0"),
        ({"nonsense": 1}, "nonsense"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_by_field_and_nothing_is_stored(
    south: Client, lesson: dict[str, Any], field: str
) -> None:
    with client_context(south):
        before = Settings.objects.values().get()
    response = patch(south, {"synonyms": [["a b", "c d"]]} | lesson)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field
    with client_context(south):
        assert Settings.objects.values().get() == before
        assert (Synonym.objects.count(), Publication.objects.count()) == (0, 1)


def test_an_option_whose_faq_is_switched_off_is_not_offered(north: Client) -> None:
    with client_context(north):
        row = {"id": "returns", "question": "How do I return an item?", "answer": "Later."}
        import_faqs([row | {"enabled": "no"}])
        publish()
    visitor = Visitor(north)
    visitor.start()
    options = visitor.press("orders").json()["messages"][0]["options"]
    assert [option["id"] for option in options] == ["orders-cost"]


def test_the_command_line_teaches_and_shows(south: Client, tmp_path: Path) -> None:
    file = tmp_path / "bot.json"
    file.write_text(json.dumps(LESSON))
    call_command("bot", "teach", "south", str(file), stdout=StringIO())
    shown = StringIO()
    call_command("bot", "show", "south", stdout=shown)
    draft = json.loads(shown.getvalue())
    assert draft["texts"]["away"] == "Back on Monday."
    assert draft["synonyms"] == LESSON["synonyms"]


def test_the_command_line_tells_what_is_wrong(south: Client, tmp_path: Path) -> None:
    file = tmp_path / "bot.json"
    file.write_text('{"theme": {"radius": 900}}')
    with pytest.raises(CommandError, match=r"theme\.radius: Input should be less than or equal"):
        call_command("bot", "teach", "south", str(file))
