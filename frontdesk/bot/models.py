from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z"


class Settings(models.Model):
    """What the bot says and how it looks, besides its FAQs. One row to a client.

    The members of each are described in docs/publication.md.
    """

    locale = models.CharField(max_length=16, default="en")
    texts = models.JSONField()
    theme = models.JSONField()
    options = models.JSONField(default=list)
    rules = models.JSONField(default=list)
    handoffs = models.JSONField(default=list)
    hours = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="bot_settings_one_row")
        ]

    def __str__(self) -> str:
        return "settings"


class Faq(models.Model):
    """A question with its other phrasings and one answer, in the safe Markdown subset.

    The id is given by whoever writes the FAQ, or made: it names the FAQ in imports, options and
    what the widget is told.
    """

    id = models.CharField(
        primary_key=True,
        max_length=64,
        validators=[RegexValidator(ID_PATTERN, "Use letters, digits, - and _, 64 at most.")],
    )
    question = models.CharField(max_length=500)
    phrasings = ArrayField(models.CharField(max_length=500), default=list)
    answer = models.TextField()
    category = models.CharField(max_length=80, blank=True)
    locale = models.CharField(max_length=16, default="en")
    enabled = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.question


class Synonym(models.Model):
    """Words that count as one another when matching."""

    terms = ArrayField(models.CharField(max_length=80))

    def __str__(self) -> str:
        return ", ".join(self.terms)


class Publication(models.Model):
    """An immutable, numbered version of all bot content, with its compiled index.

    The one with the highest number is live.
    """

    number = models.PositiveIntegerField(primary_key=True)
    content = models.JSONField()
    index = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"publication {self.number}"
