"""One-time sign-in links."""

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from frontdesk.accounts.models import SignInLink, User

_LINK_LIFETIME = timedelta(hours=1)
_OPERATOR_EMAIL = "operator@localhost"


def make_operator_link(base_url: str) -> str:
    """A link, good once and for an hour, that signs the install's first operator in."""
    operator = User.objects.filter(is_operator=True, is_active=True).order_by("pk").first()
    if operator is None:
        operator = User.objects.create_user(_OPERATOR_EMAIL, name="Operator", is_operator=True)
    return f"{base_url.rstrip('/')}/sign-in/{make_token(operator)}/"


def make_token(user: User) -> str:
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    SignInLink.objects.filter(expires_at__lt=now).delete()
    SignInLink.objects.create(
        user=user, token_hash=hash_secret(token), expires_at=now + _LINK_LIFETIME
    )
    return token


def use_token(token: str) -> User | None:
    """The user whose link this is, the first time and in time; None otherwise."""
    now = timezone.now()
    # One statement takes the link, so that two at once can't both be let in.
    taken = SignInLink.objects.filter(
        token_hash=hash_secret(token),
        used_at__isnull=True,
        expires_at__gt=now,
        user__is_active=True,
    )
    link = taken.select_related("user").first()
    if link is None or not taken.filter(pk=link.pk).update(used_at=now):
        return None
    return link.user


def hash_secret(secret: str) -> str:
    """SHA-256 is enough for secrets of 256 random bits; people's passwords take a slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
