"""Keys for the operator's programs: `fdo_` and 43 random signs, shown once."""

import secrets
from datetime import timedelta

from django.utils import timezone

from frontdesk.accounts.models import OperatorKey
from frontdesk.accounts.sign_in import hash_secret

_PREFIX_LENGTH = 10
# `last_used_at` tells whether a key is still in use; to the minute is enough, and spares writes.
_NOTE_USE_EVERY = timedelta(minutes=1)


def make_operator_key(name: str) -> str:
    """The new key itself, which can't be shown again."""
    key = f"fdo_{secrets.token_urlsafe(32)}"
    OperatorKey.objects.create(name=name, prefix=key[:_PREFIX_LENGTH], key_hash=hash_secret(key))
    return key


def operator_key_of(key: str) -> OperatorKey | None:
    found = OperatorKey.objects.filter(key_hash=hash_secret(key), revoked_at__isnull=True).first()
    now = timezone.now()
    if found and (found.last_used_at is None or now - found.last_used_at > _NOTE_USE_EVERY):
        OperatorKey.objects.filter(pk=found.pk).update(last_used_at=now)
    return found
