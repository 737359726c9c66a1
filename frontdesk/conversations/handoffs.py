"""Sending the visitor on, and hearing back of it."""

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.db import transaction
from django.utils import timezone

from frontdesk.conversations.models import Handoff
from frontdesk.events.models import Event
from frontdesk.events.recording import record
from frontdesk.lib.ids import new_reference


def free_reference() -> str:
    """A reference that no handoff of the current client has."""
    while True:
        reference = new_reference()
        if not Handoff.objects.filter(reference=reference).exists():
            return reference


def link_of(handoff: Mapping[str, Any], reference: str) -> dict[str, str]:
    """What the widget is told: a plain link, with the reference where the kind can carry it."""
    return {
        "kind": handoff["kind"],
        "label": handoff["label"],
        "url": _url(handoff, reference),
        "reference": reference,
    }


def click(conversation_id: uuid.UUID, reference: str) -> bool:
    """The visitor followed the link; counted once. False for a reference that isn't theirs."""
    with transaction.atomic():
        offers = Handoff.objects.select_for_update().filter(
            conversation_id=conversation_id, reference=reference
        )
        offer = offers.first()
        if offer is None:
            return False
        if offer.clicked_at is None:
            offers.update(clicked_at=timezone.now())
            record(Event.Kind.HANDOFF_CLICKED, subject_id=offer.pk, conversation_id=conversation_id)
    return True


def _url(handoff: Mapping[str, Any], reference: str) -> str:
    text, subject = (
        quote(handoff.get(name, "").replace("{reference}", reference), safe="")
        for name in ("text", "subject")
    )
    match handoff["kind"]:
        case "whatsapp":
            digits = "".join(sign for sign in handoff["number"] if sign.isdigit())
            return f"https://wa.me/{digits}" + (f"?text={text}" if text else "")
        case "email":
            return f"mailto:{handoff['address']}?subject={subject or quote(reference)}"
        case "phone":
            return f"tel:{handoff['number']}"
        case _:
            return str(handoff["url"])
