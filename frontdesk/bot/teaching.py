"""Changing what the bot says and how it looks, besides its FAQs: checked, then stored as a draft.

`Lesson` is what may be sent, by API, command line or the demo; docs/publication.md describes its
members. Only the members that are there change anything, and each replaces what was there;
of `texts` and `theme`, only the named entries.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from django.db import transaction
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from frontdesk.bot import defaults
from frontdesk.bot.markdown import bad_links
from frontdesk.bot.models import Faq, Settings, Synonym
from frontdesk.lib.refusals import InvalidRequest
from frontdesk.visitor_forms.fields import TYPES
from frontdesk.visitor_forms.models import Form
from frontdesk.visitor_forms.opening import contact_form

_OPTIONS_MOST = 200
_DEPTH_MOST = 4


def _safe_markdown(text: str) -> str:
    for target in bad_links(text):
        raise ValueError(f"the link to {target or 'nowhere'} must be a web, e-mail or tel address")
    return text


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("this is not the name of a time zone, like Europe/London")
    return ZoneInfo(name).key


def _known_type(name: str) -> str:
    if name not in TYPES:
        raise ValueError(f"a field's type is one of {', '.join(TYPES)}")
    return name


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the text holds a character that can't be stored")
    return text


_Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_without_nul),
]
_Short = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    AfterValidator(_without_nul),
]
_Markdown = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000),
    AfterValidator(_without_nul),
    AfterValidator(_safe_markdown),
]
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
_Locale = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=16)
]
_Web = Annotated[str, StringConstraints(pattern=r"^https?://[^\s\x00]{1,1000}$")]
_Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()./-]{3,30}$")]
_Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
_Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Texts(_Part):
    title: _Short | None = None
    subtitle: _Line | None = None
    input_placeholder: _Short | None = None
    greeting: _Markdown | None = None
    fallback: _Markdown | None = None
    fallback_again: _Markdown | None = None
    suggest: _Markdown | None = None
    none_of_these: _Short | None = None
    handoff: _Markdown | None = None
    away: _Markdown | None = None


class Theme(_Part):
    accent: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    position: Literal["start", "end"] | None = None
    color_scheme: Literal["auto", "light", "dark"] | None = None
    radius: Annotated[int, Field(ge=0, le=32)] | None = None
    offset_x: Annotated[int, Field(ge=0, le=400)] | None = None
    offset_y: Annotated[int, Field(ge=0, le=400)] | None = None
    launcher_label: Annotated[str, StringConstraints(max_length=40)] | None = None


class Option(_Part):
    id: _Id
    label: _Short
    kind: Literal["faq", "options", "form", "handoff"]
    text: _Markdown | None = None
    faq: _Id | None = None
    handoff: _Id | None = None
    options: list["Option"] | None = None


class Rule(_Part):
    id: _Id
    says: Annotated[list[_Line], Field(min_length=1, max_length=200)]
    reply: _Markdown
    shows_options: bool = False


class WhatsAppHandoff(_Part):
    id: _Id
    kind: Literal["whatsapp"]
    label: _Short
    number: _Phone
    text: Annotated[str, StringConstraints(max_length=500)] = ""


class LinkHandoff(_Part):
    id: _Id
    kind: Literal["link"]
    label: _Short
    url: _Web


class PhoneHandoff(_Part):
    id: _Id
    kind: Literal["phone"]
    label: _Short
    number: _Phone


class EmailHandoff(_Part):
    id: _Id
    kind: Literal["email"]
    label: _Short
    address: Annotated[str, StringConstraints(pattern=r"^[^\s@?&]+@[^\s@?&]+$", max_length=254)]
    subject: Annotated[str, StringConstraints(max_length=200)] = ""


Handoff = Annotated[
    WhatsAppHandoff | LinkHandoff | PhoneHandoff | EmailHandoff, Field(discriminator="kind")
]
_Spans = Annotated[list[tuple[_Clock, _Clock]], Field(max_length=10)]


class HoursException(_Part):
    on: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    hours: _Spans
    name: _Short | None = None


class Hours(_Part):
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    week: dict[_Day, _Spans]
    exceptions: Annotated[list[HoursException], Field(max_length=200)] = []


class FormField(_Part):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    type: Annotated[str, AfterValidator(_known_type)]
    label: _Short
    required: bool = False
    autocomplete: Annotated[str, StringConstraints(pattern=r"^[a-z -]{1,40}$")] | None = None


class ContactForm(_Part):
    title: _Short
    intro: Annotated[str, StringConstraints(max_length=500)] = ""
    submit_label: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    thanks: _Markdown
    fields: Annotated[list[FormField], Field(min_length=1, max_length=30)]


class Lesson(_Part):
    """What may be changed; absent members stay as they are."""

    locale: _Locale | None = None
    texts: Texts | None = None
    theme: Theme | None = None
    options: Annotated[list[Option], Field(max_length=20)] | None = None
    rules: Annotated[list[Rule], Field(max_length=100)] | None = None
    handoffs: Annotated[list[Handoff], Field(max_length=30)] | None = None
    hours: Hours | None = None
    form: ContactForm | None = None
    synonyms: (
        Annotated[
            list[Annotated[list[_Short], Field(min_length=2, max_length=30)]],
            Field(max_length=1_000),
        ]
        | None
    ) = None


def teach(lesson: Lesson) -> None:
    """Stores the lesson in the current client's draft, all of it or nothing.

    Raises InvalidRequest when what is stored then would not fit together: an id twice, an option
    that leads nowhere.
    """
    sent = lesson.model_dump(exclude_none=True)
    with transaction.atomic():
        settings = Settings.objects.select_for_update().get()
        for name in ("locale", "options", "rules", "handoffs", "hours"):
            if name in sent:
                setattr(settings, name, sent[name])
        settings.texts = defaults.TEXTS | settings.texts | sent.get("texts", {})
        settings.theme = defaults.THEME | settings.theme | sent.get("theme", {})
        _check(settings, sent.get("form"))
        settings.save()
        if "form" in sent:
            _change_form(contact_form(), sent["form"])
        if "synonyms" in sent:
            Synonym.objects.all().delete()
            Synonym.objects.bulk_create(Synonym(terms=terms) for terms in sent["synonyms"])


def _change_form(form: Form, sent: dict[str, Any]) -> None:
    for name, value in sent.items():
        setattr(form, name, value)
    form.save()


def _check(settings: Settings, form: dict[str, Any] | None) -> None:
    options = list(_walk(settings.options))
    errors = [
        *_twice("options", (option["id"] for option in options)),
        *_twice("handoffs", (handoff["id"] for handoff in settings.handoffs)),
        *_twice("rules", (rule["id"] for rule in settings.rules)),
        *_twice("form.fields", (field["name"] for field in (form or {}).get("fields", ()))),
        *_leading_nowhere(settings, options),
    ]
    if len(options) > _OPTIONS_MOST:
        errors.append(_error("options", f"There are more than {_OPTIONS_MOST} options."))
    if _depth(settings.options) > _DEPTH_MOST:
        errors.append(_error("options", f"Options go deeper than {_DEPTH_MOST} levels."))
    if errors:
        raise InvalidRequest(errors=errors)


def _leading_nowhere(settings: Settings, options: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    handoffs = {handoff["id"] for handoff in settings.handoffs}
    faqs = set(Faq.objects.values_list("pk", flat=True))
    there = {"faq": faqs, "handoff": handoffs}
    for option in options:
        kind, name = option["kind"], option["id"]
        target = option.get(kind)
        if kind in there and target not in there[kind]:
            yield _error("options", f"{name} leads to the {kind} {target}, which is not there.")
        if kind == "options" and not target:
            yield _error("options", f"{name} offers nothing to choose from.")


def _twice(field: str, ids: Iterable[str]) -> Iterator[dict[str, str]]:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            yield _error(field, f"{name} is there twice.")
        seen.add(name)


def _error(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}


def _walk(options: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for option in options:
        yield option
        yield from _walk(option.get("options") or ())


def _depth(options: Iterable[dict[str, Any]]) -> int:
    return max((1 + _depth(option.get("options") or ()) for option in options), default=0)
