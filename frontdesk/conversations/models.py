from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from frontdesk.lib.ids import new_id


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    locale = models.CharField(max_length=16)
    page_url = models.TextField(blank=True)
    referrer = models.TextField(blank=True)
    # What the bot remembers: `frontdesk_nlp.dialogue.State`.
    state = models.JSONField(default=dict)
    message_count = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(db_default=Now())
    last_message_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-last_message_at"], name="conversations_conversation_new")
        ]

    def __str__(self) -> str:
        return str(self.id)


class Message(models.Model):
    """One message. A visitor's carries the id that the widget made."""

    class Author(models.TextChoices):
        VISITOR = "visitor"
        BOT = "bot"

    id = models.UUIDField(primary_key=True)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    position = models.PositiveIntegerField()
    author = models.CharField(max_length=7, choices=Author)
    type = models.CharField(max_length=12)
    text = models.TextField()
    # What else the widget is told: options, faq_id, form_id, handoff.
    extras = models.JSONField(default=dict)
    # For the visitor's messages: how the bot decided, with what publication, how sure and why.
    option_id = models.CharField(max_length=100, null=True)  # noqa: DJ001 (absent, not empty)
    decision = models.CharField(max_length=8, null=True)  # noqa: DJ001
    faq_id = models.CharField(max_length=64, null=True)  # noqa: DJ001
    score = models.FloatField(null=True)
    publication = models.PositiveIntegerField(null=True)
    trace = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation", "position"], name="conversations_message_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:60]}"


class Handoff(models.Model):
    """One offer to send the visitor on. The reference lets the business find it again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="handoffs"
    )
    # The id of the handoff in the publication's content.
    handoff_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=12)
    reference = models.CharField(max_length=16, unique=True)
    offered_at = models.DateTimeField(db_default=Now())
    clicked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.reference
