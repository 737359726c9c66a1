"""From the draft (the rows that people edit) to a publication (what visitors get)."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from frontdesk.bot.models import Faq, Publication, Settings, Synonym
from frontdesk.visitor_forms.opening import contact_form
from frontdesk_nlp import Engine, Entry


def publish() -> Publication:
    """Makes the present draft the live publication. Acts for the current client."""
    with transaction.atomic():
        # Two at once would take the same number.
        Settings.objects.select_for_update().get()
        content = draft()
        last = Publication.objects.aggregate(last=Max("number"))["last"] or 0
        return Publication.objects.create(
            number=last + 1, content=content, index=train(content).to_bytes()
        )


def draft() -> dict[str, Any]:
    """All bot content as it stands, in the shape that docs/publication.md describes."""
    settings = Settings.objects.get()
    faqs = list(Faq.objects.filter(enabled=True).order_by("position", "id"))
    return {
        "locale": settings.locale,
        "texts": settings.texts,
        "theme": settings.theme,
        "options": _leading_somewhere(settings.options, {faq.id for faq in faqs}),
        "rules": settings.rules,
        "handoffs": settings.handoffs,
        "hours": settings.hours,
        "form": contact_form().as_content(),
        "synonyms": [synonym.terms for synonym in Synonym.objects.order_by("pk")],
        "faqs": [
            {
                "id": faq.id,
                "question": faq.question,
                "phrasings": faq.phrasings,
                "answer": faq.answer,
                "category": faq.category,
                "locale": faq.locale,
            }
            for faq in faqs
        ],
    }


def train(content: dict[str, Any]) -> Engine:
    entries = [
        Entry(id=faq["id"], phrasings=[faq["question"], *faq["phrasings"]], locale=faq["locale"])
        for faq in content["faqs"]
    ]
    return Engine.train(entries, synonyms=content["synonyms"], locale=content["locale"])


def _leading_somewhere(options: list[dict[str, Any]], faqs: set[str]) -> list[dict[str, Any]]:
    """Without the options whose FAQ is switched off, and menus that are empty without them."""
    kept = []
    for option in options:
        if option["kind"] == "faq" and option["faq"] not in faqs:
            continue
        if option["kind"] == "options":
            inner = _leading_somewhere(option["options"], faqs)
            if not inner:
                continue
            kept.append(option | {"options": inner})
        else:
            kept.append(option)
    return kept
