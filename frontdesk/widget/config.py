"""What the widget needs to know before a visitor says anything."""

import hashlib
import json
from typing import Any

from frontdesk.bot.defaults import THEME
from frontdesk.clients.models import Client
from frontdesk_nlp.dialogue import Bot

_TEXTS = ("title", "subtitle", "input_placeholder", "away")
# The browser fills these in for the visitor.
_AUTOCOMPLETE = {"name": "name", "email": "email", "phone": "tel"}


def config_of(client: Client, number: int, bot: Bot) -> dict[str, Any]:
    texts = bot.texts
    greeting = bot.greeting()
    options = [{"id": name, "label": label} for name, label in greeting.options]
    if not client.is_active:
        options = []
    return {
        "client": client.schema_name,
        "name": client.name,
        "status": client.status,
        "locale": bot.content["locale"],
        "publication": number,
        "theme": THEME | bot.content["theme"],
        "texts": {name: texts[name] for name in _TEXTS},
        "greeting": {
            "type": "options",
            "text": greeting.text if client.is_active else texts["away"],
            "options": options,
        },
        "form": _form(bot.content["form"]),
        "branding": client.shows_branding,
    }


def etag_of(body: dict[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


def _form(form: dict[str, Any]) -> dict[str, Any]:
    fields = [
        {"autocomplete": _AUTOCOMPLETE.get(field["name"])} | field for field in form["fields"]
    ]
    shown = {name: form[name] for name in ("id", "title", "intro", "submit_label")}
    return shown | {"fields": fields}
