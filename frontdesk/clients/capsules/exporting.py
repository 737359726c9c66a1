"""Writing a client's capsule, as a stream."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg import errors, sql

from frontdesk.clients.capsules import catalogue
from frontdesk.clients.capsules.catalogue import Table, migrations_of, tables_of
from frontdesk.clients.capsules.container import pack
from frontdesk.clients.capsules.manifest import (
    CLIENT_COLUMNS,
    FORMAT,
    LEFT_TO_THE_INSTALL,
    MEMBER,
    Manifest,
    fingerprint_of,
    member_of,
)
from frontdesk.clients.capsules.refusals import ClientBusy
from frontdesk.clients.models import Client
from frontdesk.clients.resolving import ClientNotFound

# Values are written the same way whatever the server's own settings are.
_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 1",
)
_CLIENT = sql.SQL("SELECT schema_name, status, {} FROM public.clients_client WHERE id = %s").format(
    sql.SQL(", ").join(map(sql.Identifier, CLIENT_COLUMNS))
)
_ROWS = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT")
# Each try that fails means that the client was restored just then.
_TRIES = 5


def export(client: Client) -> Iterator[bytes]:
    """The client's capsule, piece by piece, as it was at one moment.

    Memory is bounded by the largest row. Acts on a connection of its own, which lasts as long as
    the pieces are taken, from whatever threads. Raises ClientNotFound, ClientBusy.
    """
    with _connected() as own, own.cursor() as cursor:
        tables = _hold_still(own, cursor, client)
        yield from pack(_members(cursor, client, tables))


def file_name(client: Client) -> str:
    """Like `acme-2026-11-24.capsule`; the day is UTC's."""
    return f"{client.slug.replace('_', '-')}-{timezone.now():%Y-%m-%d}.capsule"


@contextmanager
def _connected() -> Iterator[psycopg.Connection[Any]]:
    # Not Django's connection of this thread: a server may ask for the pieces of a download in
    # one thread after another, and a long download must not keep requests from it.
    facts = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
    with psycopg.connect(**facts) as own:
        for setting in _SETTINGS:
            own.execute(setting)
        own.commit()
        own.read_only = True
        yield own


def _hold_still(own: psycopg.Connection[Any], cursor: Any, client: Client) -> list[Table]:
    """The tables, locked against being replaced, under a snapshot that is not older than the locks.

    A restore puts other tables in their place: under an older snapshot those would be empty.
    """
    schema = str(client.schema_name)
    for _ in range(_TRIES):
        own.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        expected = tables_of(cursor, schema)
        own.rollback()
        own.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        if expected and _lock(cursor, expected) and tables_of(cursor, schema) == expected:
            return expected
        own.rollback()
    if not expected:
        raise ClientNotFound
    raise ClientBusy("The client is being restored again and again. Try it a little later.")


def _lock(cursor: Any, tables: list[Table]) -> bool:
    names = sql.SQL(", ").join(table.qualified for table in tables)
    try:
        cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return False
    return True


def _members(
    cursor: Any, client: Client, tables: list[Table]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    told: dict[str, dict[str, Any]] = {}
    for table in tables:
        facts: dict[str, Any] = {}
        yield member_of(table.name), _rows(cursor, table, facts)
        told[table.name] = facts
    yield MEMBER, iter([_manifest(cursor, client, told).as_bytes()])


def _rows(cursor: Any, table: Table, facts: dict[str, Any]) -> Iterator[bytes]:
    """The table's rows; once they are taken, `facts` has what the manifest tells of them."""
    columns = table.carried()
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    digest, size, rows = hashlib.sha256(), 0, 0
    with cursor.copy(_ROWS.format(names, table.qualified, table.order())) as copy:
        for row in copy:
            digest.update(row)
            size += len(row)
            rows += 1
            yield bytes(row)
    facts |= {"columns": columns, "rows": rows, "bytes": size, "sha256": digest.hexdigest()}


def _manifest(cursor: Any, client: Client, tables: dict[str, dict[str, Any]]) -> Manifest:
    cursor.execute(_CLIENT, [client.pk])
    row = cursor.fetchone()
    if row is None:
        raise ClientNotFound
    migrations = migrations_of(cursor, str(client.schema_name), client_labels())
    return Manifest.model_validate(
        {
            "format": FORMAT,
            "client": dict(zip(("id", "status", *CLIENT_COLUMNS), row, strict=True)),
            "schema": {"fingerprint": fingerprint_of(migrations), "migrations": migrations},
            "tables": tables,
            "left_out": {
                "install": sorted(LEFT_TO_THE_INSTALL),
                "secrets": catalogue.secret_names(),
            },
        }
    )


def client_labels() -> set[str]:
    """Labels of the apps that live in clients' schemas."""
    return {
        config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS
    }
