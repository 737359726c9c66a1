"""FAQs from a CSV or JSON file, with a report on every row.

A row that can't be taken is reported and left out; the others are stored. The same file again
changes nothing.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from frontdesk.bot.markdown import bad_links
from frontdesk.bot.models import ID_PATTERN, Faq
from frontdesk.clients import limits
from frontdesk.clients.context import current_client
from frontdesk.lib.refusals import InvalidRequest

COLUMNS = ("id", "question", "phrasings", "answer", "category", "locale", "enabled")
_PHRASINGS_MOST = 200
_ANSWER_MOST = 10_000
_TEXT_MOST = 500
_ROWS_MOST = 20_000
_YES = {"", "1", "true", "yes", "y", "on"}
_NO = {"0", "false", "no", "n", "off"}
_ID = re.compile(ID_PATTERN)
_LOCALE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")


class BadRow(ValueError):
    """One sentence on why a row can't be taken."""


@dataclass(frozen=True, slots=True)
class RowReport:
    """`row` counts from 1; `outcome` is created, updated, unchanged or rejected."""

    row: int
    id: str
    outcome: str
    reason: str = ""


@dataclass(slots=True)
class Report:
    rows: list[RowReport] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        return sum(row.outcome == outcome for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        outcomes = ("created", "updated", "unchanged", "rejected")
        return {outcome: self.count(outcome) for outcome in outcomes} | {
            "rows": [asdict(row) for row in self.rows]
        }


def read_rows(text: str, kind: str) -> list[dict[str, Any]]:
    """Rows of a file's text; `kind` is "csv" or "json". Raises InvalidRequest for no such file."""
    rows = _read_json(text) if kind == "json" else _read_csv(text)
    if len(rows) > _ROWS_MOST:
        raise _unreadable(f"The file has {len(rows):,} rows; {_ROWS_MOST:,} at a time is the most.")
    return rows


def import_faqs(rows: Iterable[dict[str, Any]]) -> Report:
    """Stores the rows as the current client's draft FAQs.

    A row is an update when its id is known, or, without an id, when its question is.
    """
    with transaction.atomic():
        return _Import().run(rows)


class _Import:
    """One run: what is there, what was seen, what is to be written."""

    def __init__(self) -> None:
        self.existing = {faq.pk: faq for faq in Faq.objects.all()}
        self.by_question = {_key(faq.question): faq.pk for faq in self.existing.values()}
        self.next_position = max((faq.position for faq in self.existing.values()), default=0) + 1
        self.seen: set[str] = set()
        self.created: list[Faq] = []
        self.updated: list[Faq] = []

    def run(self, rows: Iterable[dict[str, Any]]) -> Report:
        report = Report([self._take(number, row) for number, row in enumerate(rows, 1)])
        Faq.objects.bulk_create(self.created, batch_size=1_000)
        if self.updated:
            fields = ["question", "phrasings", "answer", "category", "locale", "enabled"]
            Faq.objects.bulk_update(self.updated, fields, batch_size=500)
        return report

    def _take(self, number: int, row: dict[str, Any]) -> RowReport:
        named = row.get("id") if isinstance(row, dict) else ""
        try:
            values = _clean(row)
            faq_id = values["id"] or self.by_question.get(_key(values["question"]))
            faq_id = faq_id or self._make_id(values["question"])
            outcome = self._store(faq_id, values)
        except (BadRow, limits.LimitReached) as error:
            return RowReport(number, str(named or "")[:64], "rejected", str(error))
        self.seen.add(faq_id)
        return RowReport(number, faq_id, outcome)

    def _store(self, faq_id: str, values: dict[str, Any]) -> str:
        if faq_id in self.seen:
            raise BadRow("An earlier row has the same id or question.")
        values = values | {"id": faq_id}
        faq = self.existing.get(faq_id)
        if faq is None:
            used = len(self.existing) + len(self.created)
            limits.check(current_client(), "faqs", used=used)
            self.created.append(Faq(position=self.next_position + len(self.created), **values))
            return "created"
        if all(getattr(faq, name) == value for name, value in values.items()):
            return "unchanged"
        for name, value in values.items():
            setattr(faq, name, value)
        self.updated.append(faq)
        return "updated"

    def _make_id(self, question: str) -> str:
        stem = re.sub(r"[^a-z0-9]+", "-", question.lower()).strip("-")[:48].strip("-") or "faq"
        number, faq_id = 1, stem
        while faq_id in self.existing or faq_id in self.seen:
            number += 1
            faq_id = f"{stem}-{number}"
        return faq_id


def _read_csv(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    header = [name.strip().lower() for name in reader.fieldnames or ()]
    missing = {"question", "answer"} - set(header)
    if missing:
        raise _unreadable(
            f"The first line must name the columns; {' and '.join(sorted(missing))} is missing."
        )
    reader.fieldnames = header
    try:
        return list(reader)
    except csv.Error as error:
        raise _unreadable(f"Line {reader.line_num} is not CSV: {error}.") from None


def _read_json(text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _unreadable(f"This is not JSON: {error}.") from None
    if isinstance(rows, dict):
        rows = rows.get("faqs")
    if not isinstance(rows, list):
        raise _unreadable('A list of FAQs is expected, or {"faqs": [list of FAQs]}.')
    return rows


def _unreadable(message: str) -> InvalidRequest:
    return InvalidRequest(
        message, errors=[{"field": "file", "code": "unreadable", "message": message}]
    )


def _clean(row: object) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise BadRow("An FAQ is a set of named values.")
    # DictReader keeps surplus cells under None.
    if None in row:
        raise BadRow("There are more cells than columns. Put quotes around text with commas.")
    answer = _text(row, "answer", _ANSWER_MOST, required=True, lines=True)
    for target in bad_links(answer):
        raise BadRow(
            f"The link to {target or 'nowhere'} must be a full web, e-mail or tel address."
        )
    return {
        "id": _faq_id(row),
        "question": _text(row, "question", _TEXT_MOST, required=True),
        "phrasings": list(_phrasings(row.get("phrasings"))),
        "answer": answer,
        "category": _text(row, "category", 80),
        "locale": _locale(row),
        "enabled": _enabled(row.get("enabled")),
    }


def _text(
    row: dict[str, Any], name: str, most: int, *, required: bool = False, lines: bool = False
) -> str:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRow(f"The {name} must be text.")
    value = (value or "").replace("\x00", "").replace("\r\n", "\n").strip()
    if not lines:
        value = " ".join(value.split())
    if required and not value:
        raise BadRow(f"The {name} is missing.")
    if len(value) > most:
        raise BadRow(f"The {name} has {len(value):,} characters; {most:,} is the most.")
    return value


def _faq_id(row: dict[str, Any]) -> str:
    faq_id = _text(row, "id", 1_000)
    if faq_id and not _ID.match(faq_id):
        raise BadRow("An id has letters, digits, - and _ only, 64 at most.")
    return faq_id


def _locale(row: dict[str, Any]) -> str:
    locale = _text(row, "locale", 16) or "en"
    if not _LOCALE.match(locale):
        raise BadRow(f"{locale} is not a language code, like en or pt-BR.")
    return locale


def _phrasings(value: object) -> Iterator[str]:
    """A list, or one text with " | " in between; empty and repeated ones are left out."""
    if value is None or isinstance(value, str):
        value = re.split(r"\s+\|\s+", value or "")
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadRow("Phrasings are a list of texts.")
    phrasings = dict.fromkeys(" ".join(each.replace("\x00", "").split()) for each in value)
    if len(phrasings) > _PHRASINGS_MOST:
        raise BadRow(f"There are {len(phrasings)} phrasings; {_PHRASINGS_MOST} is the most.")
    if any(len(phrasing) > _TEXT_MOST for phrasing in phrasings):
        raise BadRow(f"A phrasing has more than {_TEXT_MOST} characters.")
    return (phrasing for phrasing in phrasings if phrasing)


def _enabled(value: object) -> bool:
    word = str(value if value is not None else "").strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadRow(f"enabled is yes or no, not {word[:20]}.")


def _key(question: str) -> str:
    return " ".join(question.casefold().split())
