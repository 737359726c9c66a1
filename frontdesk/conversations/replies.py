"""A conversation's turns: the visitor says something, the bot's answer is stored and returned.

A turn reads with one statement and stores with another, which is the whole transaction: nothing
waits for anything while the bot thinks, and what is acknowledged is committed.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import quote_schema_name

from frontdesk.bot.compiled import bot_for, live_bot
from frontdesk.bot.hours import is_open
from frontdesk.clients import usage
from frontdesk.clients.context import current_client
from frontdesk.clients.usage import COUNT_MESSAGE
from frontdesk.conversations.handoffs import free_reference, link_of
from frontdesk.conversations.models import Conversation, Message
from frontdesk.events.models import Event
from frontdesk.lib.ids import new_id
from frontdesk.lib.refusals import InvalidRequest, Refusal
from frontdesk.lib.times import moment
from frontdesk_nlp.dialogue import Bot, Said, Say, State, Turn, UnknownOption, take_turn

_VISITOR, _BOT = Message.Author.VISITOR, Message.Author.BOT

_READ = """
SELECT c.message_count, c.state, c.locale, m.conversation_id, m.position, m.decision,
       p.number, p.created_at
FROM {schema}.conversations_conversation c
LEFT JOIN {schema}.conversations_message m ON m.id = %s
CROSS JOIN (SELECT number, created_at FROM {schema}.bot_publication ORDER BY number DESC LIMIT 1) p
WHERE c.id = %s
"""
# One statement stores a whole turn, or nothing: `turn` has a row only while the conversation is
# as it was read, and everything else hangs on `counted`. Its answer is how many rows each has.
_STORE = """
WITH turn AS (
  SELECT id FROM {schema}.conversations_conversation
  WHERE id = %(conversation)s AND message_count = %(expected)s FOR UPDATE
), counted AS ({counted}
), messages AS (
  INSERT INTO {schema}.conversations_message (id, conversation_id, position, author, type, text,
    extras, option_id, decision, faq_id, score, publication, trace, created_at)
  SELECT id, %(conversation)s, position, author, type, text, extras,
    option_id, decision, faq_id, score, publication, trace, %(now)s
  FROM jsonb_to_recordset(%(messages)s) AS r(id uuid, position int, author text, type text,
    text text, extras jsonb, option_id text, decision text, faq_id text, score float8,
    publication int, trace jsonb), counted
), handoffs AS (
  INSERT INTO {schema}.conversations_handoff (id, conversation_id, handoff_id, kind, reference,
    offered_at)
  SELECT id, %(conversation)s, handoff_id, kind, reference, %(now)s
  FROM jsonb_to_recordset(%(handoffs)s)
    AS r(id uuid, handoff_id text, kind text, reference text), counted
), events AS (
  INSERT INTO {schema}.events_event (kind, at, conversation_id, faq_id, subject_id)
  SELECT kind, %(now)s, %(conversation)s, faq_id, subject_id
  FROM jsonb_to_recordset(%(events)s) AS r(kind text, faq_id text, subject_id uuid), counted
  ON CONFLICT (kind, subject_id) DO NOTHING
), conversation AS (
  UPDATE {schema}.conversations_conversation
  SET message_count = %(count)s, state = %(state)s, last_message_at = %(now)s
  FROM counted WHERE id = %(conversation)s
)
SELECT (SELECT count(*) FROM turn), (SELECT count(*) FROM counted)
"""
_COUNTED = COUNT_MESSAGE.format(gate="turn")
_UNCOUNTED = "SELECT 1 AS total FROM turn"
# Each try that fails means that another message of the same conversation was stored.
_TRIES = 10


@dataclass(frozen=True, slots=True)
class _Statements:
    """The hot statements of one client, its schema written into them.

    PostgreSQL plans a prepared statement anew whenever the search path has changed since, which it
    does from one client's turn to the next. With the schema in the text the plan is kept, and no
    search path has to be set.
    """

    read: str
    store_counted: str
    store_uncounted: str


@lru_cache(maxsize=1_000)
def _statements_of(schema_name: str) -> _Statements:
    schema = quote_schema_name(schema_name)
    return _Statements(
        _READ.format(schema=schema),
        _STORE.format(schema=schema, counted=_COUNTED),
        _STORE.format(schema=schema, counted=_UNCOUNTED),
    )


class ConversationNotFound(Refusal):
    code = "conversation_not_found"
    status = 404
    title = "There is no such conversation"


class MessageIdTaken(Refusal):
    code = "message_id_taken"
    status = 409
    title = "This id belongs to another message"


class ConversationBusy(Refusal):
    code = "conversation_busy"
    status = 409
    title = "Other messages of this conversation are being stored"


class _Overtaken(Exception):
    """Another message of the conversation was stored between reading and storing."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A conversation as it was read, and what is known of a message of the id at hand."""

    count: int
    state: State
    locale: str
    message_owner: uuid.UUID | None
    message_position: int | None
    message_decision: str | None
    publication: int
    published_at: datetime

    def bot(self) -> Bot:
        return bot_for(self.publication, self.published_at)


@dataclass(frozen=True, slots=True)
class Reply:
    """`messages` are the bot's new ones, JSON-ready, as the widget draws them."""

    messages: list[dict[str, Any]]
    decision: str


def start(*, locale: str, page_url: str, referrer: str) -> tuple[uuid.UUID, list[dict[str, Any]]]:
    """Opens a conversation with the bot's greeting; returns its id and the first messages."""
    conversation = Conversation(locale=locale, page_url=page_url, referrer=referrer)
    number, bot = live_bot()
    says = [bot.greeting()] if current_client().is_active else _away(bot)
    with transaction.atomic():
        conversation.save(force_insert=True)
        recorder = _Recorder(conversation.pk, number, expected=0)
        messages = recorder.say(bot, says)
        recorder.store(State())
    return conversation.pk, messages


def reply_to(conversation_id: uuid.UUID, message_id: uuid.UUID, said: Said) -> Reply:
    """Answers one message and stores both; the same message id again gets the same answer.

    Raises ConversationNotFound; MessageIdTaken for an id that another conversation used;
    InvalidRequest for an option that the bot does not have; LimitReached; ConversationBusy.
    """
    for _ in range(_TRIES):
        read = _read(conversation_id, message_id)
        if read.message_owner is not None:
            if read.message_owner != conversation_id:
                raise MessageIdTaken
            answers = _answers_after(conversation_id, read.message_position or 0)
            return Reply(answers, read.message_decision or "")
        try:
            return _take(conversation_id, message_id, said, read)
        except _Overtaken:
            continue
    raise ConversationBusy(retry_after=1)


def transcript(conversation_id: uuid.UUID) -> list[dict[str, Any]]:
    """All messages, oldest first, JSON-ready."""
    rows = Message.objects.filter(conversation_id=conversation_id).order_by("position")
    return [_shown(message) for message in rows]


def exists(conversation_id: uuid.UUID) -> bool:
    return Conversation.objects.filter(pk=conversation_id).exists()


def add_bot_message(conversation_id: uuid.UUID, message_id: uuid.UUID, text: str) -> None:
    """Stores something that the bot says on its own, like the thanks for a form."""
    for _ in range(_TRIES):
        read = _read(conversation_id, message_id)
        if read.message_owner is not None:
            return None
        recorder = _Recorder(conversation_id, read.publication, expected=read.count)
        recorder.say(read.bot(), [Say("text", text)], ids=[message_id])
        try:
            return recorder.store(read.state)
        except _Overtaken:
            continue
    raise ConversationBusy(retry_after=1)


def _read(conversation_id: uuid.UUID, message_id: uuid.UUID) -> _Read:
    statements = _statements_of(current_client().schema_name)
    with connection.cursor_anywhere() as cursor:  # type: ignore[attr-defined]
        cursor.execute(statements.read, [message_id, conversation_id])
        row = cursor.fetchone()
    if row is None:
        raise ConversationNotFound
    count, state, *rest = row
    return _Read(count, State.of(_json(state)), *rest)


def _take(conversation_id: uuid.UUID, message_id: uuid.UUID, said: Said, read: _Read) -> Reply:
    client, bot = current_client(), read.bot()
    recorder = _Recorder(conversation_id, read.publication, expected=read.count)
    if client.is_active:
        said = replace(said, locale=said.locale or read.locale)
        turn = _turn(bot, read.state, said, recorder.now)
    else:
        # Nothing is matched or counted while paused, and nothing of what is said is lost.
        label = said.text or bot.texts["none_of_these"]
        turn = Turn("none", tuple(_away(bot)), read.state, label)
    recorder.hear(message_id, said, turn)
    # The visitor's first message starts it; the later ones find it counted.
    recorder.count(Event.Kind.CONVERSATION_STARTED, conversation_id)
    messages = recorder.say(bot, turn.messages)
    recorder.store(turn.state, counts=client.is_active)
    return Reply(messages, turn.decision)


def _turn(bot: Bot, state: State, said: Said, now: datetime) -> Turn:
    open_now = is_open(bot.content["hours"], now)
    try:
        return take_turn(bot, state, replace(said, is_open=open_now))
    except UnknownOption:
        message = "This choice is no longer offered."
        raise InvalidRequest(
            message, errors=[{"field": "option_id", "code": "unknown", "message": message}]
        ) from None


def _away(bot: Bot) -> list[Say]:
    form = bot.content["form"]
    return [Say("text", bot.texts["away"]), Say("form", form["title"], form_id=form["id"])]


class _Recorder:
    """Gathers the rows of one turn, to be stored at once."""

    def __init__(self, conversation_id: uuid.UUID, publication: int, *, expected: int) -> None:
        self.conversation_id = conversation_id
        self.publication = publication
        self.expected = expected
        self.position = expected
        self.now = timezone.now()
        self.messages: list[dict[str, Any]] = []
        self.handoffs: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def hear(self, message_id: uuid.UUID, said: Said, turn: Turn) -> None:
        """The visitor's message, with what the bot made of it."""
        self._add(
            id=str(message_id),
            author=_VISITOR,
            type="text",
            text=turn.label,
            extras={},
            option_id=said.option_id,
            decision=turn.decision,
            faq_id=turn.faq_id,
            score=turn.score,
            publication=self.publication,
            trace=turn.trace,
        )
        if turn.chosen_faq_id:
            self.count(Event.Kind.FAQ_CLICKED, message_id, turn.chosen_faq_id)
        elif turn.faq_id:
            self.count(Event.Kind.FAQ_ANSWERED, message_id, turn.faq_id)
        elif turn.unanswered:
            self.count(Event.Kind.QUESTION_UNANSWERED, message_id)

    def say(
        self, bot: Bot, says: Iterable[Say], ids: Iterable[uuid.UUID] | None = None
    ) -> list[dict[str, Any]]:
        """Adds the bot's messages; returns them as the widget draws them."""
        made = iter(new_id, None) if ids is None else ids
        return [self._say(bot, say, made_id) for say, made_id in zip(says, made, strict=False)]

    def count(self, kind: Event.Kind, subject_id: uuid.UUID, faq_id: str | None = None) -> None:
        self.events.append({"kind": kind, "subject_id": str(subject_id), "faq_id": faq_id})

    def store(self, state: State, *, counts: bool = False) -> None:
        """Stores all of it, or raises _Overtaken or LimitReached and stores nothing."""
        client = current_client()
        facts: dict[str, Any] = {
            "conversation": self.conversation_id,
            "expected": self.expected,
            "now": self.now,
            "messages": json.dumps(self.messages),
            "handoffs": json.dumps(self.handoffs),
            "events": json.dumps(self.events),
            "count": self.position,
            "state": json.dumps(state.as_dict()),
        }
        statements = _statements_of(client.schema_name)
        if counts:
            facts |= usage.counting(client, self.now)
        with connection.cursor_anywhere() as cursor:  # type: ignore[attr-defined]
            cursor.execute(
                statements.store_counted if counts else statements.store_uncounted, facts
            )
            unchanged, counted = cursor.fetchone()
        if not unchanged:
            raise _Overtaken
        if not counted:
            raise usage.refused(client, self.now)

    def _say(self, bot: Bot, say: Say, message_id: uuid.UUID) -> dict[str, Any]:
        extras: dict[str, Any] = {}
        if say.options:
            extras["options"] = [{"id": name, "label": label} for name, label in say.options]
        if say.faq_id:
            extras["faq_id"] = say.faq_id
        if say.form_id:
            extras["form_id"] = say.form_id
        if say.handoff_id:
            extras["handoff"] = self._offer(bot.handoffs[say.handoff_id])
        row = self._add(
            id=str(message_id), author=_BOT, type=say.type, text=say.text, extras=extras
        )
        return {
            "id": row["id"],
            "author": _BOT.value,
            "type": say.type,
            "text": say.text,
            **extras,
            "created_at": moment(self.now),
        }

    def _offer(self, handoff: Mapping[str, Any]) -> dict[str, str]:
        reference, offer_id = free_reference(), new_id()
        self.handoffs.append(
            {
                "id": str(offer_id),
                "handoff_id": handoff["id"],
                "kind": handoff["kind"],
                "reference": reference,
            }
        )
        self.count(Event.Kind.HANDOFF_OFFERED, offer_id)
        return link_of(handoff, reference)

    def _add(self, **row: Any) -> dict[str, Any]:
        row["position"] = self.position
        self.position += 1
        self.messages.append(row)
        return row


def _answers_after(conversation_id: uuid.UUID, position: int) -> list[dict[str, Any]]:
    """The bot's messages that followed the visitor's at `position`, up to the next of theirs."""
    later = Message.objects.filter(conversation_id=conversation_id, position__gt=position)
    answers = []
    for message in later.order_by("position"):
        if message.author == _VISITOR:
            break
        answers.append(_shown(message))
    return answers


def _shown(message: Message) -> dict[str, Any]:
    return {
        "id": str(message.pk),
        "author": message.author,
        "type": message.type,
        "text": message.text,
        **message.extras,
        "created_at": moment(message.created_at),
    }


def _json(value: Any) -> dict[str, Any]:
    """Django registers JSON columns of raw cursors as text."""
    read: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return read
