from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Event(models.Model):
    """One counted fact. Numbers on any screen are counts of these."""

    class Kind(models.TextChoices):
        CONVERSATION_STARTED = "conversation_started"
        FAQ_ANSWERED = "faq_answered"
        FAQ_CLICKED = "faq_clicked"
        QUESTION_UNANSWERED = "question_unanswered"
        HANDOFF_OFFERED = "handoff_offered"
        HANDOFF_CLICKED = "handoff_clicked"
        SUBMISSION_CREATED = "submission_created"

    kind = models.CharField(max_length=24, choices=Kind)
    at = models.DateTimeField(db_default=Now())
    conversation_id = models.UUIDField(null=True)
    faq_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 (absent, not empty)
    # The id of what the fact is about: a message, a handoff, a submission. With the kind it is
    # unique, so that a fact told twice counts once.
    subject_id = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "subject_id"], name="events_event_once")
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "at"], name="events_event_kind_at")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"
