"""The operator's programs' door, `/api/v1/operator/…`."""

from typing import Annotated, Any, Literal

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from ninja.security import HttpBearer
from pydantic import StringConstraints

from frontdesk.accounts.models import OperatorKey
from frontdesk.accounts.operator_keys import operator_key_of
from frontdesk.api.idempotency import idempotent
from frontdesk.bot import publishing
from frontdesk.bot.importing import import_faqs, read_rows
from frontdesk.bot.teaching import Lesson, teach
from frontdesk.clients import lifecycle, resolving
from frontdesk.clients.capsules.exporting import export, file_name
from frontdesk.clients.context import client_context
from frontdesk.clients.domains import domains_of, set_domains
from frontdesk.clients.listing import list_clients
from frontdesk.clients.models import Client
from frontdesk.clients.usage import messages_this_month, month_of, next_month
from frontdesk.lib.rate_headers import take_for
from frontdesk.lib.refusals import InvalidRequest
from frontdesk.lib.times import moment

_LIMITS = ("faqs", "messages", "members", "flows", "forms", "analytics_days")
_CAPSULE_TYPE = "application/zip"
_CAPSULE = {
    "responses": {
        200: {"content": {_CAPSULE_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
    }
}
_FAQ_FILE = {
    "text/csv": {"schema": {"type": "string"}},
    "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
}


class OperatorBearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> OperatorKey | None:
        key = operator_key_of(token)
        if key is not None:
            take_for(request, settings.RATE_OPERATOR, "operator", str(key.pk))
        return key


router = Router(auth=OperatorBearer(), tags=["operator"])

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Limit = Annotated[int | None, Field(ge=0, le=2_147_483_647)]


LegalName = Annotated[str, StringConstraints(max_length=200)]
Address = Annotated[str, StringConstraints(max_length=1_000)]
Country = Annotated[str, StringConstraints(pattern="^([A-Z]{2})?$")]
Phone = Annotated[str, StringConstraints(max_length=40)]
Website = Annotated[str, StringConstraints(max_length=200, pattern="^(https?://.*)?$")]


class Company(Schema):
    """`country` is an ISO 3166 code of two letters."""

    legal_name: LegalName = ""
    address: Address = ""
    country: Country = ""
    phone: Phone = ""
    website: Website = ""


class ClientIn(Company):
    """Without `slug` one is made of the name."""

    slug: Annotated[str, StringConstraints(max_length=63)] = ""
    name: Name
    email: str


class Limits(Schema):
    """null is no limit."""

    faqs: Limit = None
    messages: Limit = None
    members: Limit = None
    flows: Limit = None
    forms: Limit = None
    analytics_days: Limit = None


class ClientOut(Company):
    id: str
    name: str
    email: str
    status: Literal["active", "paused", "closing"]
    host: str
    domains: list[str]
    allowed_origins: list[str]
    limits: Limits
    shows_branding: bool
    has_api_access: bool
    created_at: str
    closing_at: str | None


class ClientPatch(Schema):
    """What is absent or null stays as it is; within `limits`, null is no limit."""

    name: Name | None = None
    email: str | None = None
    legal_name: LegalName | None = None
    address: Address | None = None
    country: Country | None = None
    phone: Phone | None = None
    website: Website | None = None
    domains: Annotated[list[str], Field(max_length=20)] | None = None
    allowed_origins: Annotated[list[str], Field(max_length=100)] | None = None
    limits: Limits | None = None
    shows_branding: bool | None = None
    has_api_access: bool | None = None


class ClientsOut(Schema):
    """`next_cursor` is null on the last page."""

    clients: list[ClientOut]
    next_cursor: str | None


class UsageOut(Schema):
    month: str
    resets_on: str
    messages: int
    messages_limit: int | None


class PublishedOut(Schema):
    """`publication` is null where the change stays a draft."""

    publication: int | None


class RowOut(Schema):
    row: int
    id: str
    outcome: Literal["created", "updated", "unchanged", "rejected"]
    reason: str


class ImportOut(Schema):
    created: int
    updated: int
    unchanged: int
    rejected: int
    rows: list[RowOut]
    publication: int | None


@router.post("clients", response={200: ClientOut, 201: ClientOut})
@idempotent
def create_client(request: HttpRequest, sent: ClientIn) -> tuple[int, dict[str, Any]]:
    """201 when new; 200 when the same client (ID, name and e-mail) is there already."""
    facts = sent.dict()
    slug = facts.pop("slug") or lifecycle.slug_of(sent.name)
    client, new = lifecycle.create(slug, **facts)
    return 201 if new else 200, _shown(client)


@router.get("clients", response=ClientsOut)
def clients(
    request: HttpRequest,
    cursor: str = "",
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
    status: Literal["active", "paused", "closing"] | None = None,
) -> dict[str, Any]:
    page, next_cursor = list_clients(cursor=cursor, limit=limit, status=status)
    return {"clients": [_shown(client) for client in page], "next_cursor": next_cursor}


@router.get("clients/{client_id}", response=ClientOut)
def client(request: HttpRequest, client_id: str) -> dict[str, Any]:
    return _shown(resolving.by_id(client_id))


@router.patch("clients/{client_id}", response=ClientOut)
def change_client(request: HttpRequest, client_id: str, sent: ClientPatch) -> dict[str, Any]:
    found = resolving.by_id(client_id)
    with transaction.atomic():
        if sent.domains is not None:
            set_domains(found, sent.domains)
        lifecycle.change(found, **_changes(sent))
    return _shown(found)


@router.post("clients/{client_id}/pause", response=ClientOut)
@idempotent
def pause_client(request: HttpRequest, client_id: str) -> tuple[int, dict[str, Any]]:
    found = resolving.by_id(client_id)
    lifecycle.pause(found)
    return 200, _shown(found)


@router.post("clients/{client_id}/resume", response=ClientOut)
@idempotent
def resume_client(request: HttpRequest, client_id: str) -> tuple[int, dict[str, Any]]:
    found = resolving.by_id(client_id)
    lifecycle.resume(found)
    return 200, _shown(found)


@router.delete("clients/{client_id}", response={202: ClientOut})
def close_client(request: HttpRequest, client_id: str) -> Status[dict[str, Any]]:
    """Stops serving the client at once; removal follows at `closing_at`. Resume takes it back."""
    found = resolving.by_id(client_id)
    lifecycle.close(found)
    return Status(202, _shown(found))


@router.get("clients/{client_id}/usage", response=UsageOut)
def usage(request: HttpRequest, client_id: str) -> dict[str, Any]:
    found, now = resolving.by_id(client_id), timezone.now()
    month = month_of(now)
    return {
        "month": month.isoformat(),
        "resets_on": next_month(month).isoformat(),
        "messages": messages_this_month(found, now),
        "messages_limit": found.limit_messages,
    }


@router.get("clients/{client_id}/export", openapi_extra=_CAPSULE)
def export_client(request: HttpRequest, client_id: str) -> StreamingHttpResponse:
    """The client's capsule: one file that holds all of it. See docs/capsule.md."""
    found = resolving.by_id(client_id)
    return StreamingHttpResponse(
        export(found),
        content_type=_CAPSULE_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="{file_name(found)}"',
            "Cache-Control": "no-store",
        },
    )


@router.get("clients/{client_id}/bot", response=dict[str, Any])
def bot(request: HttpRequest, client_id: str) -> dict[str, Any]:
    """The draft: all bot content, as docs/publication.md describes it."""
    with client_context(resolving.by_id(client_id)):
        return publishing.draft()


@router.patch("clients/{client_id}/bot", response=PublishedOut)
def change_bot(
    request: HttpRequest,
    client_id: str,
    sent: Lesson,
    publish: bool = True,
) -> dict[str, Any]:
    """Texts, theme, options, rules, handoffs, hours, form, synonyms: what is sent is replaced."""
    found = resolving.by_id(client_id)
    with client_context(found), transaction.atomic():
        teach(sent)
        return {"publication": publishing.publish().number if publish else None}


@router.post(
    "clients/{client_id}/faqs/import",
    response=ImportOut,
    openapi_extra={"requestBody": {"required": True, "content": _FAQ_FILE}},
)
@idempotent
def import_client_faqs(
    request: HttpRequest,
    client_id: str,
    publish: bool = True,
) -> tuple[int, dict[str, Any]]:
    """The body is the file: `text/csv` with a header line, or JSON.

    Columns: id, question, phrasings (separated by " | "), answer, category, locale, enabled. Rows
    that can't be taken are reported and left out. `publish=false` keeps the change a draft.
    """
    found = resolving.by_id(client_id)
    rows = read_rows(_body_text(request), _kind_of(request))
    with client_context(found), transaction.atomic():
        report = import_faqs(rows)
        publication = publishing.publish().number if publish else None
    return 200, report.as_dict() | {"publication": publication}


def _changes(sent: ClientPatch) -> dict[str, Any]:
    limits = sent.limits.dict(exclude_unset=True) if sent.limits else {}
    changes = sent.dict(exclude_none=True, exclude={"limits", "domains"})
    return changes | {f"limit_{name}": value for name, value in limits.items()}


def _body_text(request: HttpRequest) -> str:
    try:
        return request.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = "The file is not UTF-8 text. Save it as CSV UTF-8."
        raise InvalidRequest(
            message, errors=[{"field": "file", "code": "unreadable", "message": message}]
        ) from None


def _kind_of(request: HttpRequest) -> str:
    return "csv" if "csv" in (request.content_type or "") else "json"


def _shown(client: Client) -> dict[str, Any]:
    shown: dict[str, Any] = {
        name: getattr(client, name)
        for name in (
            *("name", "email", "status", "allowed_origins", "shows_branding", "has_api_access"),
            *lifecycle.COMPANY_FIELDS,
        )
    }
    return shown | {
        "id": client.schema_name,
        "host": resolving.host_of(client),
        "domains": domains_of(client),
        "limits": {name: getattr(client, f"limit_{name}") for name in _LIMITS},
        "created_at": moment(client.created_at),
        "closing_at": moment(client.closing_at) if client.closing_at else None,
    }
