from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class KeptResponse(models.Model):
    """The answer to a write that came with an Idempotency-Key, for when it comes again."""

    # Who sent the key: keys of different callers don't meet.
    caller = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["caller", "key"], name="api_kept_response_once")
        ]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
