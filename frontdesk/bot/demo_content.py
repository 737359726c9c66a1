"""The demo clients: two businesses with content worth trying, from `bot/demo/`."""

import json
from pathlib import Path
from typing import Any

from django.db import transaction

from frontdesk.bot.importing import import_faqs, read_rows
from frontdesk.bot.publishing import publish
from frontdesk.bot.teaching import Lesson, teach
from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context, public_context
from frontdesk.clients.models import CLIENT_ID_PREFIX, Client

_FOLDER = Path(__file__).parent / "demo"
SLUGS = ("greenleaf", "brightsmile")


def load(slug: str) -> bool:
    """Opens the demo client with its content; says whether it was new.

    A client that is there is left as it is: somebody may have made it their own.
    """
    with public_context():
        if Client.objects.filter(schema_name=CLIENT_ID_PREFIX + slug).exists():
            return False
    written = json.loads((_FOLDER / slug / "bot.json").read_text(encoding="utf-8"))
    rows = read_rows((_FOLDER / slug / "faqs.csv").read_text(encoding="utf-8"), "csv")
    facts = written.pop("client")
    with public_context(), transaction.atomic():
        client, _ = lifecycle.create(
            slug, name=facts["name"], email=facts["email"], **facts["company"]
        )
        with client_context(client):
            import_faqs(rows)
            teach(Lesson(**written))
            publish()
    return True


def load_list(slug: str, name: str, text: str) -> dict[str, Any]:
    """Opens a client whose bot has one CSV's FAQs; returns the import's report."""
    client, _ = lifecycle.create(slug, name=name, email=f"owner@{slug.replace('_', '-')}.example")
    with client_context(client), transaction.atomic():
        report = import_faqs(read_rows(text, "csv"))
        publish()
    return report.as_dict()
