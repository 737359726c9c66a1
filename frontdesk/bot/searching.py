"""FAQs that come close to what a visitor is typing."""

from typing import Any

from frontdesk_nlp.dialogue import Bot


def closest_faqs(bot: Bot, typed: str, limit: int) -> list[dict[str, Any]]:
    """[{"id", "question"}], best first; without words the FAQs in their own order."""
    typed = " ".join(typed.split())
    if not typed:
        found = list(bot.faqs)[:limit]
    else:
        # A word half typed is in a question before the engine can know it.
        starts = [faq_id for faq_id, faq in bot.faqs.items() if _starts(faq["question"], typed)]
        ranked = [faq_id for faq_id, _ in bot.engine.match(typed, limit=limit).candidates]
        found = list(dict.fromkeys([*starts, *ranked]))[:limit]
    return [{"id": faq_id, "question": bot.faqs[faq_id]["question"]} for faq_id in found]


def _starts(question: str, typed: str) -> bool:
    return f" {question.casefold()}".find(f" {typed.casefold()}") >= 0
