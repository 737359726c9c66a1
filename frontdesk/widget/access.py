"""Who may use the visitor's door: the client's websites, and each visitor their conversation."""

import time
import uuid

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from frontdesk.clients.models import Client
from frontdesk.clients.resolving import ClientNotFound, refuse_closing
from frontdesk.lib.addresses import address_of
from frontdesk.lib.rate_headers import take_for
from frontdesk.lib.refusals import Refusal

TOKEN_HEADER = "X-Conversation-Token"  # noqa: S105 (a header's name)
_TOKEN_SECONDS = 24 * 60 * 60
_RENEW_AFTER_SECONDS = 60 * 60
_BODY_MOST = 64 * 1024


class OriginNotAllowed(Refusal):
    code = "origin_not_allowed"
    status = 403
    title = "This website may not show this client's bot"


class TokenMissing(Refusal):
    code = "token_missing"
    status = 401
    title = "The conversation's token is missing"


class TokenInvalid(Refusal):
    code = "token_invalid"
    status = 401
    title = "This token does not open this conversation"


class TokenExpired(Refusal):
    code = "token_expired"
    status = 401
    title = "This conversation's token has expired"


class TooLarge(Refusal):
    code = "too_large"
    status = 413
    title = "What was sent is too large"


def let_in(request: HttpRequest) -> Client:
    """The client whose door this is, after origin, size and rate were looked at."""
    client: Client | None = request.client  # type: ignore[attr-defined]
    if client is None:
        raise ClientNotFound("Send the client's ID in X-Client-ID, or use the client's own host.")
    refuse_closing(client)
    _check_origin(request, client)
    if int(request.headers.get("Content-Length") or 0) > _BODY_MOST:
        raise TooLarge(f"No more than {_BODY_MOST // 1024} KB at a time.")
    take_for(request, settings.RATE_ADDRESS, "address", client.schema_name, address_of(request))
    return client


def make_token(client: Client, conversation_id: uuid.UUID) -> str:
    """Opens one conversation of one client for a day."""
    return _signer(client).sign(conversation_id.hex)


def check_token(
    request: HttpRequest, client: Client, conversation_id: uuid.UUID | None = None
) -> tuple[uuid.UUID, str | None]:
    """The conversation that the request's token opens, and a new token once it is past an hour.

    Raises a refusal without a good token, or when it opens another than `conversation_id`.
    """
    token = request.headers.get(TOKEN_HEADER)
    if not token:
        raise TokenMissing
    try:
        opened = uuid.UUID(_signer(client).unsign(token, max_age=_TOKEN_SECONDS))
    except signing.SignatureExpired:
        raise TokenExpired from None
    except signing.BadSignature:
        raise TokenInvalid from None
    if conversation_id not in (None, opened):
        raise TokenInvalid
    take_for(request, settings.RATE_CONVERSATION, "conversation", opened.hex)
    age = time.time() - signing.b62_decode(token.split(":")[1])
    return opened, make_token(client, opened) if age > _RENEW_AFTER_SECONDS else None


def _check_origin(request: HttpRequest, client: Client) -> None:
    origin = request.headers.get("Origin")
    if not client.allowed_origins or origin is None or origin in client.allowed_origins:
        return
    # The client's own host, with the hosted page on it.
    if origin == f"{request.scheme}://{request.META.get('HTTP_HOST', '')}":
        return
    request.origin_refused = True  # type: ignore[attr-defined]
    raise OriginNotAllowed(f"{origin[:200]} is not among the allowed origins.")


def _signer(client: Client) -> signing.TimestampSigner:
    # The row's id too: the tokens of a removed client don't open those of a later namesake.
    return signing.TimestampSigner(salt=f"conversation {client.pk} {client.schema_name}")
