"""What goes over the wire to PostgreSQL: every statement, also those that Django doesn't log."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg.pq import Trace

_SENT = re.compile(
    r"^F\t\d+\t(Query|Parse|Bind|Execute)\t(.*?)(?=^[FB]\t|\Z)", re.MULTILINE | re.DOTALL
)
_TRANSACTION = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b", re.IGNORECASE)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent on this thread's connection inside, BEGIN and its like left out."""
    sent: list[str] = []
    connection.ensure_connection()
    wire = connection.connection.pgconn
    with tempfile.TemporaryFile() as file:
        wire.trace(file.fileno())
        wire.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield sent
        finally:
            wire.untrace()
            file.seek(0)
            sent += _read(file.read().decode())


def _read(trace: str) -> Iterator[str]:
    parsed, bound = {"": ""}, ""
    for kind, rest in _SENT.findall(trace):
        if kind == "Query":
            text = rest.strip()[1:-1]
        elif kind == "Parse":
            name, _, query = rest.strip().partition('" "')
            parsed[name.strip('"')] = query.rpartition('"')[0]
            continue
        elif kind == "Bind":
            bound = rest.strip().split('" "')[1].split('"')[0]
            continue
        else:
            text = parsed.get(bound, f"prepared {bound}")
        if not _TRANSACTION.match(text):
            yield text
