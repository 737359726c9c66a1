"""Writing events, in the transaction of the fact they count."""

import uuid

from frontdesk.events.models import Event


def record(
    kind: Event.Kind,
    *,
    subject_id: uuid.UUID,
    conversation_id: uuid.UUID | None = None,
    faq_id: str | None = None,
) -> bool:
    """Counts the fact unless it is counted already; says whether it was new."""
    before = Event.objects.bulk_create(
        [Event(kind=kind, subject_id=subject_id, conversation_id=conversation_id, faq_id=faq_id)],
        ignore_conflicts=True,
    )
    return bool(before)
