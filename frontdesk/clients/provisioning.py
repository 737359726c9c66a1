"""Making a client's schema from a blueprint instead of replaying migrations.

The migrations run once, on a template schema; what they made is read back as consolidated
statements and kept as a Blueprint, under the fingerprint of the migrations. A client's schema is
these statements replayed inside the caller's transaction: all of it or nothing. Names of
constraints and indexes stay those that Django gave, so later migrations find them.
"""

import hashlib
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django_tenants.utils import schema_context
from psycopg import sql

from frontdesk.clients.context import client_context
from frontdesk.clients.models import Blueprint, Client

_TEMPLATE = "frontdesk_template"

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r'
ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS = """
SELECT c.relname, k.conname, pg_get_constraintdef(k.oid), f.relname
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_class f ON f.oid = k.confrelid
WHERE k.connamespace = %s::regnamespace AND k.contype IN ('p', 'u', 'c', 'f', 'x')
ORDER BY c.relname, k.contype DESC, k.conname
"""
_INDEXES = """
SELECT pg_get_indexdef(i.indexrelid, 0, true)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = %s::regnamespace
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
                  AND k.contype IN ('p', 'u', 'x'))
ORDER BY i.indexrelid::regclass::text
"""


class NoBlueprint(RuntimeError):
    """The install's migrations have not been run."""


@cache
def fingerprint() -> str:
    """Names the state that the client migrations on disk lead to."""
    labels = {config.label for config in apps.get_app_configs() if _in_client_schema(config.name)}
    disk = MigrationLoader(None).disk_migrations
    names = sorted(f"{app}.{name}" for app, name in disk if app in labels)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def ensure_blueprint() -> bool:
    """Makes the blueprint of the present migrations unless it is there; says whether it did.

    Runs outside of any transaction: the migrations have their own.
    """
    if Blueprint.objects.filter(pk=fingerprint()).exists():
        return False
    _drop_template()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {_TEMPLATE}")
    migrate_schema(_TEMPLATE)
    Blueprint.objects.update_or_create(
        pk=fingerprint(), defaults={"statements": _read_statements(_TEMPLATE)}
    )
    _drop_template()
    return True


def migrate_schema(schema_name: str) -> None:
    """Brings one schema up to date the stock way, one migration after the other."""
    call_command("migrate_schemas", schema_name=schema_name, interactive=False, verbosity=0)


def build_schema(client: Client) -> None:
    """Makes the client's schema; raises NoBlueprint before the install is migrated.

    Belongs inside the transaction that stores the client.
    """
    blueprint = Blueprint.objects.filter(pk=client.schema_fingerprint).first()
    if blueprint is None:
        raise NoBlueprint("The database is not migrated. Run `frontdesk migrate_all`.")
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(client.schema_name)))
    with (
        client_context(client),
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        connection.connection.pipeline(),
    ):
        # One at a time, because a sharded database refuses several in one string; the pipeline
        # spares the waiting in between.
        for statement in blueprint.statements:
            cursor.execute(statement)


def drop_schema(client: Client) -> None:
    """One schema to a transaction: each drop holds a lock for every table and index in it."""
    with connection.cursor() as cursor:
        name = sql.Identifier(client.schema_name)
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))


def _in_client_schema(app_name: str) -> bool:
    return app_name in settings.TENANT_APPS


def _drop_template() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {_TEMPLATE} CASCADE")


class _Column(NamedTuple):
    table: str
    name: str
    type: str
    not_null: bool
    default: str | None
    identity: str

    def __str__(self) -> str:
        parts = [f'"{self.name}" {self.type}']
        if self.identity:
            parts.append("GENERATED BY DEFAULT AS IDENTITY")
        if self.default is not None:
            parts.append(f"DEFAULT {self.default}")
        if self.not_null:
            parts.append("NOT NULL")
        return " ".join(parts)


def _read_statements(schema_name: str) -> list[str]:
    with schema_context(schema_name), connection.cursor() as cursor:
        columns = [_Column(*row) for row in _rows(cursor, _COLUMNS, schema_name)]
        constraints = _rows(cursor, _CONSTRAINTS, schema_name)
        indexes = [row[0] for row in _rows(cursor, _INDEXES, schema_name)]
        return [*_tables(columns, constraints), *indexes, _applied_migrations(cursor)]


def _tables(columns: list[_Column], constraints: list[tuple[Any, ...]]) -> list[str]:
    lines: dict[str, list[str]] = defaultdict(list)
    needs: dict[str, set[str]] = defaultdict(set)
    for column in columns:
        lines[column.table].append(str(column))
        needs[column.table] |= set()
    for table, name, definition, other in constraints:
        lines[table].append(f'CONSTRAINT "{name}" {definition}')
        if other and other != table:
            needs[table].add(other)
    order = TopologicalSorter(needs).static_order()
    return [f'CREATE TABLE "{table}" ({", ".join(lines[table])})' for table in order]


def _applied_migrations(cursor: Any) -> str:
    """A later migration starts from what the blueprint holds."""
    table = MigrationRecorder.Migration._meta.db_table  # noqa: SLF001 (Django's public `_meta`)
    rows = _rows(cursor, f"SELECT app, name FROM {table} ORDER BY id")  # noqa: S608
    values = ", ".join(f"('{app}', '{name}', now())" for app, name in rows)
    return f"INSERT INTO {table} (app, name, applied) VALUES {values}"  # noqa: S608


def _rows(cursor: Any, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    cursor.execute(query, arguments)
    return list(cursor.fetchall())
