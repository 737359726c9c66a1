"""The visitor's door, `/api/v1/widget/…`."""

import uuid
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from ninja import Field, Router, Schema
from pydantic import BeforeValidator, StringConstraints, model_validator

from frontdesk.bot.compiled import live_bot
from frontdesk.bot.searching import closest_faqs
from frontdesk.clients.models import Client
from frontdesk.conversations import handoffs, replies
from frontdesk.events.models import Event
from frontdesk.events.recording import record
from frontdesk.lib.times import moment
from frontdesk.visitor_forms.submissions import Origin, form_of, submit
from frontdesk.widget.access import TOKEN_HEADER, check_token, let_in, make_token
from frontdesk.widget.config import config_of, etag_of
from frontdesk_nlp.dialogue import Said

router = Router(auth=let_in, tags=["widget"])

_CONFIG_CACHE = "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"
_URL_MOST = 2_000


def _without_nul(value: Any) -> Any:
    """PostgreSQL stores no NUL."""
    return value.replace("\x00", "") if isinstance(value, str) else value


def _cut(value: Any) -> Any:
    """An address is for reading later; a long one is cut rather than refused."""
    return _without_nul(value)[:_URL_MOST] if isinstance(value, str) else value


Address = Annotated[str, BeforeValidator(_cut)]
Locale = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=16)
]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000),
    BeforeValidator(_without_nul),
]


class OptionOut(Schema):
    id: str
    label: str


class HandoffOut(Schema):
    kind: Literal["whatsapp", "link", "email", "phone", "form"]
    url: str
    label: str
    reference: str


class MessageOut(Schema):
    """What does not apply is absent."""

    id: uuid.UUID
    author: Literal["visitor", "bot"]
    type: Literal["text", "options", "suggestions", "form", "handoff"]
    text: str
    options: list[OptionOut] | None = None
    faq_id: str | None = None
    form_id: uuid.UUID | None = None
    handoff: HandoffOut | None = None
    created_at: str


class MessagesOut(Schema):
    messages: list[MessageOut]


class StartIn(Schema):
    locale: Locale = "en"
    page_url: Address = ""
    referrer: Address = ""


class StartOut(MessagesOut):
    id: uuid.UUID
    token: str


class MessageIn(Schema):
    """`id` is made by the widget. Either `text` or `option_id`."""

    id: uuid.UUID
    text: Text | None = None
    option_id: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "MessageIn":
        if (self.text is None) == (self.option_id is None):
            raise ValueError("Send either text or option_id.")
        return self


class ReplyOut(MessagesOut):
    decision: Literal["answer", "suggest", "none", "rule", "flow"]


class FaqOut(Schema):
    id: str
    question: str


class FaqsOut(Schema):
    faqs: list[FaqOut]


class SubmissionIn(Schema):
    """`id` is made by the widget; `values` are {field name: text}."""

    id: uuid.UUID
    values: dict[str, str | None]
    page_url: Address = ""
    locale: Locale = "en"
    conversation_id: uuid.UUID | None = None


class SubmissionOut(MessagesOut):
    id: uuid.UUID


class EventIn(Schema):
    """`reference` for handoff_clicked, `faq_id` for faq_clicked. Other kinds are skipped."""

    id: uuid.UUID
    kind: Annotated[str, StringConstraints(max_length=40)]
    reference: Annotated[str, StringConstraints(max_length=16)] | None = None
    faq_id: Annotated[str, StringConstraints(max_length=64)] | None = None


class EventsIn(Schema):
    """Of the conversation whose token is sent."""

    events: Annotated[list[EventIn], Field(max_length=50)]


class EventsOut(Schema):
    accepted: int


@router.get(
    "config", response=dict[str, Any], summary="How the widget looks and what it offers first"
)
def config(request: HttpRequest, locale: str = "en") -> HttpResponse:
    client: Client = request.auth  # type: ignore[attr-defined]
    body = config_of(client, *live_bot())
    etag = etag_of(body)
    unchanged = request.headers.get("If-None-Match") == etag
    response = HttpResponseNotModified() if unchanged else JsonResponse(body)
    response["ETag"], response["Cache-Control"] = etag, _CONFIG_CACHE
    return response


@router.get("faqs", response=FaqsOut, summary="FAQs that come close to what is being typed")
def faqs(
    request: HttpRequest,
    q: Annotated[str, Field(max_length=200)] = "",
    limit: Annotated[int, Field(ge=1, le=20)] = 5,
) -> dict[str, Any]:
    _, bot = live_bot()
    return {"faqs": closest_faqs(bot, q, limit)}


@router.post("conversations", response={201: StartOut})
def start_conversation(request: HttpRequest, sent: StartIn) -> HttpResponse:
    client: Client = request.auth  # type: ignore[attr-defined]
    conversation_id, messages = replies.start(
        locale=sent.locale, page_url=sent.page_url, referrer=sent.referrer
    )
    token = make_token(client, conversation_id)
    return _answer({"id": str(conversation_id), "token": token, "messages": messages}, status=201)


@router.post("conversations/{uuid:conversation_id}/messages", response=ReplyOut)
def send_message(request: HttpRequest, conversation_id: uuid.UUID, sent: MessageIn) -> HttpResponse:
    """The same id again gets the same answer and stores nothing."""
    renewed = _open(request, conversation_id)
    said = Said(text=sent.text, option_id=sent.option_id)
    reply = replies.reply_to(conversation_id, sent.id, said)
    return _answer({"messages": reply.messages, "decision": reply.decision}, renewed)


@router.get("conversations/{uuid:conversation_id}/messages", response=MessagesOut)
def read_messages(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    renewed = _open(request, conversation_id)
    if not replies.exists(conversation_id):
        raise replies.ConversationNotFound
    return _answer({"messages": replies.transcript(conversation_id)}, renewed)


@router.post("forms/{uuid:form_id}/submissions", response={201: SubmissionOut})
def send_submission(request: HttpRequest, form_id: uuid.UUID, sent: SubmissionIn) -> HttpResponse:
    """Taken also while the client is paused or its messages are used up."""
    renewed = None
    if sent.conversation_id is not None:
        renewed = _open(request, sent.conversation_id)
        if not replies.exists(sent.conversation_id):
            raise replies.ConversationNotFound
    origin = Origin(sent.conversation_id, sent.page_url, sent.locale)
    with transaction.atomic():
        form = form_of(form_id)
        submission, new = submit(form, sent.id, dict(sent.values), origin)
        thanks = uuid.uuid5(submission.pk, "thanks")
        if new and sent.conversation_id is not None:
            replies.add_bot_message(sent.conversation_id, thanks, form.thanks)
    message = {
        "id": str(thanks),
        "author": "bot",
        "type": "text",
        "text": form.thanks,
        "created_at": moment(submission.created_at),
    }
    return _answer({"id": str(submission.pk), "messages": [message]}, renewed, status=201)


@router.post("events", response={202: EventsOut})
def send_events(request: HttpRequest, sent: EventsIn) -> HttpResponse:
    conversation_id, renewed = check_token(request, request.auth)  # type: ignore[attr-defined]
    accepted = sum(_note(conversation_id, event) for event in sent.events)
    return _answer({"accepted": accepted}, renewed, status=202)


def _note(conversation_id: uuid.UUID, event: EventIn) -> bool:
    if event.kind == Event.Kind.HANDOFF_CLICKED and event.reference:
        return handoffs.click(conversation_id, event.reference)
    if event.kind == Event.Kind.FAQ_CLICKED and event.faq_id:
        return record(
            Event.Kind.FAQ_CLICKED,
            subject_id=event.id,
            conversation_id=conversation_id,
            faq_id=event.faq_id,
        )
    return False


def _open(request: HttpRequest, conversation_id: uuid.UUID) -> str | None:
    client: Client = request.auth  # type: ignore[attr-defined]
    return check_token(request, client, conversation_id)[1]


def _answer(body: dict[str, Any], renewed: str | None = None, *, status: int = 200) -> HttpResponse:
    """Straight from the room's JSON-ready values: nothing is gained by validating our own rows."""
    response = JsonResponse(body, status=status)
    if renewed:
        response[TOKEN_HEADER] = renewed
    return response
