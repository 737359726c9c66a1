"""One turn of a conversation, pure: no database, no clock, no randomness.

`take_turn(bot, state, said)` gives the same turn for the same arguments, in any process, so that
every stored turn can be replayed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from frontdesk_nlp.engine import Engine
from frontdesk_nlp.model import Answer

_T = TypeVar("_T")

Decision = Literal["answer", "suggest", "none", "rule", "flow"]

_NONE_OF_THESE = "none"
_FAQ = "faq:"
_HANDOFF = "handoff:"
_FORM = "form"
# A rule compares what was said without these at its ends.
_PUNCTUATION = " \t\n.,;:!?…'\"()"


class UnknownOption(LookupError):
    """The option is not one that the bot has."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the visitor did: typed `text`, or pressed the option `option_id`. One of the two."""

    text: str | None = None
    option_id: str | None = None
    locale: str | None = None
    # Whether the business is open at that moment: decides what is offered first.
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """What a conversation remembers from turn to turn."""

    # Questions in a row that got the fallback.
    misses: int = 0

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "State":
        return cls(misses=int(stored.get("misses", 0)))

    def as_dict(self) -> dict[str, Any]:
        return {"misses": self.misses}


@dataclass(frozen=True, slots=True)
class Say:
    """One message of the bot. `handoff_id` names the handoff to be offered."""

    type: Literal["text", "options", "suggestions", "form", "handoff"]
    text: str
    options: tuple[tuple[str, str], ...] = ()
    faq_id: str | None = None
    form_id: str | None = None
    handoff_id: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What the bot answers, and why.

    `label` is what the visitor's message reads as (an option's label, or the text).
    `faq_id` is the FAQ that answered; `chosen_faq_id` the one that the visitor picked from a list;
    `unanswered` tells that the fallback was given. `trace` is JSON-ready.
    """

    decision: Decision
    messages: tuple[Say, ...]
    state: State
    label: str
    faq_id: str | None = None
    chosen_faq_id: str | None = None
    unanswered: bool = False
    score: float | None = None
    trace: dict[str, Any] = field(default_factory=dict)


class Bot:
    """A publication made ready: its content with every option and FAQ at hand, and its engine.

    `content` is the publication's JSON; see docs/publication.md for its members.
    """

    def __init__(self, content: Mapping[str, Any], engine: Engine) -> None:
        self.content = content
        self.engine = engine
        self.texts: Mapping[str, str] = content["texts"]
        self.faqs = {faq["id"]: faq for faq in content["faqs"]}
        self.handoffs = {handoff["id"]: handoff for handoff in content["handoffs"]}
        self.options = {option["id"]: option for option in _walk(content["options"])}
        self.rules = {
            _bare(phrase): rule for rule in reversed(content["rules"]) for phrase in rule["says"]
        }

    def greeting(self) -> Say:
        return Say("options", self.texts["greeting"], _labels(self.content["options"]))


def take_turn(bot: Bot, state: State, said: Said) -> Turn:
    """Raises UnknownOption for an option that the bot does not have (any more)."""
    if said.option_id is not None:
        return _press(bot, state, said, said.option_id)
    text = said.text or ""
    rule = bot.rules.get(_bare(text))
    if rule is not None:
        return _follow_rule(bot, rule, text)
    return _ask(bot, state, said, text)


def _press(bot: Bot, state: State, said: Said, option_id: str) -> Turn:
    trace = {"option": option_id}
    if option_id == _NONE_OF_THESE:
        return _miss(bot, state, said, label=bot.texts["none_of_these"], trace=trace)
    if option_id == _FORM:
        label = bot.content["form"]["title"]
        return Turn("flow", (_form(bot),), State(), label, trace=trace)
    if option_id.startswith(_FAQ):
        return _choose_faq(bot, option_id.removeprefix(_FAQ), trace)
    if option_id.startswith(_HANDOFF):
        handoff = _known(bot.handoffs, option_id.removeprefix(_HANDOFF))
        return Turn("flow", (_handoff(bot, handoff),), State(), handoff["label"], trace=trace)
    return _take_option(bot, _known(bot.options, option_id), trace)


def _take_option(bot: Bot, option: Mapping[str, Any], trace: dict[str, Any]) -> Turn:
    label = option["label"]
    match option["kind"]:
        case "faq":
            return _choose_faq(bot, option["faq"], trace, label=label)
        case "options":
            text = option.get("text") or label
            messages: tuple[Say, ...] = (Say("options", text, _labels(option["options"])),)
        case "form":
            messages = (_form(bot, option.get("text")),)
        case _:
            messages = (_handoff(bot, _known(bot.handoffs, option["handoff"]), option.get("text")),)
    return Turn("flow", messages, State(), label, trace=trace)


def _choose_faq(bot: Bot, faq_id: str, trace: dict[str, Any], label: str = "") -> Turn:
    faq = _known(bot.faqs, faq_id)
    return Turn(
        "answer",
        (_answer(faq),),
        State(),
        label or faq["question"],
        faq_id=faq_id,
        chosen_faq_id=faq_id,
        trace=trace,
    )


def _follow_rule(bot: Bot, rule: Mapping[str, Any], text: str) -> Turn:
    trace = {"rule": rule["id"]}
    if rule.get("shows_options"):
        messages = (Say("options", rule["reply"], _labels(bot.content["options"])),)
    else:
        messages = (Say("text", rule["reply"]),)
    return Turn("rule", messages, State(), text, trace=trace)


def _ask(bot: Bot, state: State, said: Said, text: str) -> Turn:
    answer = bot.engine.match(text, limit=3, locale=said.locale)
    trace = _trace(answer)
    if answer.decision == "answer" and answer.entry_id in bot.faqs:
        return Turn(
            "answer",
            (_answer(bot.faqs[answer.entry_id]),),
            State(),
            text,
            faq_id=answer.entry_id,
            score=answer.confidence,
            trace=trace,
        )
    near = [faq_id for faq_id, _ in answer.candidates if faq_id in bot.faqs]
    if answer.decision == "suggest" and near:
        return Turn(
            "suggest", (_suggest(bot, near),), state, text, score=answer.confidence, trace=trace
        )
    return _miss(bot, state, said, label=text, trace=trace, score=answer.confidence)


def _miss(
    bot: Bot,
    state: State,
    said: Said,
    *,
    label: str,
    trace: dict[str, Any],
    score: float | None = None,
) -> Turn:
    """The first time in a row asks for other words; from the second on, people are offered."""
    misses = state.misses + 1
    if misses == 1:
        messages: tuple[Say, ...] = (Say("text", bot.texts["fallback"]),)
    else:
        messages = tuple(_ways_on(bot, is_open=said.is_open))
    return Turn("none", messages, State(misses), label, unanswered=True, score=score, trace=trace)


def _ways_on(bot: Bot, *, is_open: bool) -> Iterator[Say]:
    yield Say("options", bot.texts["fallback_again"], _labels(bot.content["options"]))
    people = [_handoff(bot, handoff) for handoff in list(bot.handoffs.values())[:1]]
    form = [_form(bot)]
    yield from (people + form) if is_open else (form + people)


def _suggest(bot: Bot, faq_ids: Sequence[str]) -> Say:
    options = [(_FAQ + faq_id, bot.faqs[faq_id]["question"]) for faq_id in faq_ids]
    options.append((_NONE_OF_THESE, bot.texts["none_of_these"]))
    return Say("suggestions", bot.texts["suggest"], tuple(options))


def _answer(faq: Mapping[str, Any]) -> Say:
    return Say("text", faq["answer"], faq_id=faq["id"])


def _form(bot: Bot, text: str | None = None) -> Say:
    form = bot.content["form"]
    return Say("form", text or form["intro"] or form["title"], form_id=form["id"])


def _handoff(bot: Bot, handoff: Mapping[str, Any], text: str | None = None) -> Say:
    return Say("handoff", text or bot.texts["handoff"], handoff_id=handoff["id"])


def _trace(answer: Answer) -> dict[str, Any]:
    return {
        "decision": answer.decision,
        "confidence": round(answer.confidence, 4),
        "candidates": [[faq_id, round(score, 4)] for faq_id, score in answer.candidates],
        "match": answer.trace.as_dict(),
    }


def _known(things: Mapping[str, _T], name: str) -> _T:
    try:
        return things[name]
    except KeyError:
        raise UnknownOption(name) from None


def _labels(options: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((option["id"], option["label"]) for option in options)


def _walk(options: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for option in options:
        yield option
        yield from _walk(option.get("options", ()))


def _bare(text: str) -> str:
    return " ".join(text.casefold().split()).strip(_PUNCTUATION)
