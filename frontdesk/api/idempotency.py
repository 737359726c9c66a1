"""Writes that may be sent twice: `Idempotency-Key`.

The effect and the kept answer are one transaction. The same key with the same request gets the
kept answer and has no second effect; with another request it is refused.
"""

import functools
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from ninja import Status

from frontdesk.api.models import KeptResponse
from frontdesk.clients.context import public_context
from frontdesk.lib.refusals import Refusal

_HEADER = "Idempotency-Key"
_KEPT_FOR = timedelta(days=1)
_KEY_MOST = 255

View = Callable[..., tuple[int, dict[str, Any]]]


class KeyReused(Refusal):
    code = "idempotency_key_reused"
    status = 422
    title = "This Idempotency-Key came with another request before"


def idempotent(view: View) -> Callable[..., Any]:
    """For views that return (status, JSON-ready body) and whose caller is `request.auth`."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(_HEADER, "")[:_KEY_MOST]
        if not key:
            return Status(*view(request, *args, **kwargs))
        with public_context(), transaction.atomic():
            return _once(key, request, lambda: view(request, *args, **kwargs))

    return wrapped


def _once(key: str, request: HttpRequest, act: Callable[[], tuple[int, dict[str, Any]]]) -> Any:
    caller = f"operator-key {request.auth.pk}"  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        lock = f"idempotency {caller} {key}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
    KeptResponse.objects.filter(created_at__lt=timezone.now() - _KEPT_FOR).delete()
    kept = KeptResponse.objects.filter(caller=caller, key=key).first()
    asked = _hash(request)
    if kept is not None:
        if kept.request_hash != asked:
            raise KeyReused
        response = JsonResponse(kept.body, status=kept.status)
        response["Idempotency-Replayed"] = "true"
        return response
    status, body = act()
    KeptResponse.objects.create(
        caller=caller, key=key, request_hash=asked, status=status, body=body
    )
    return Status(status, body)


def _hash(request: HttpRequest) -> str:
    told = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(told + request.body).hexdigest()
