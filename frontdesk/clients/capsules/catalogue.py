"""What a client's schema is made of: its tables, as the database knows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from psycopg import sql

_MIGRATIONS = "django_migrations"

# Through pg_depend's index, as in clients.database.introspection: the cost follows the tables of
# one schema, not of all.
_COLUMNS = """
SELECT c.relname, a.attname, a.attcollation <> 0, array_position(i.indkey::int2[], a.attnum),
       CASE WHEN a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
            THEN pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname) END
FROM pg_catalog.pg_namespace n
JOIN pg_catalog.pg_depend d ON d.refobjid = n.oid
  AND d.refclassid = 'pg_catalog.pg_namespace'::regclass
  AND d.classid = 'pg_catalog.pg_class'::regclass
JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'p')
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
  AND NOT a.attisdropped AND a.attgenerated = ''
LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE n.nspname = %s AND c.relname <> %s
ORDER BY c.relname COLLATE "C", a.attnum
"""


@dataclass(frozen=True, slots=True)
class Column:
    """`key_place` orders the primary key's columns; `sequence` hands out its numbers."""

    name: str
    is_text: bool
    key_place: int | None
    sequence: str | None


@dataclass(frozen=True, slots=True)
class Table:
    schema: str
    name: str
    columns: tuple[Column, ...]

    @property
    def qualified(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def carried(self) -> list[str]:
        """The names of the columns that a capsule holds, in the order in which it does.

        Where a column stands in a table depends on the table's history.
        """
        return sorted({column.name for column in self.columns} - secrets_of(self.name))

    def order(self) -> sql.Composable:
        """By primary key, the same in every install whatever its collation."""
        key = sorted(
            (column.key_place, column) for column in self.columns if column.key_place is not None
        )
        return sql.SQL(", ").join(
            sql.SQL('{} COLLATE "C"' if column.is_text else "{}").format(
                sql.Identifier(column.name)
            )
            for _, column in key
        )


def tables_of(cursor: Any, schema: str) -> list[Table]:
    """The schema's tables that go into a capsule, by name."""
    secrets = set(secret_names())
    return [table for table in all_tables_of(cursor, schema) if table.name not in secrets]


def all_tables_of(cursor: Any, schema: str) -> list[Table]:
    """The secret ones too, but not the migrations' own."""
    cursor.execute(_COLUMNS, [schema, _MIGRATIONS])
    found: dict[str, list[Column]] = {}
    for table, *facts in cursor.fetchall():
        found.setdefault(table, []).append(Column(*facts))
    return [Table(schema, name, tuple(columns)) for name, columns in found.items()]


def migrations_of(cursor: Any, schema: str, labels: set[str]) -> list[str]:
    """Names of the migrations that were applied to the schema, of the apps that live in it."""
    query = sql.SQL("SELECT app, name FROM {} WHERE app = ANY(%s)")
    cursor.execute(query.format(sql.Identifier(schema, _MIGRATIONS)), [list(labels)])
    return sorted(f"{app}.{name}" for app, name in cursor.fetchall())


def secret_names() -> list[str]:
    """Tables and `table.column`s that never leave an install, as the rooms' apps.py declare them.

    A room names what opens a door (keys, even hashed; signing secrets) in `AppConfig.secrets`. A
    column named there must be nullable or have a default; nothing may refer to a table named there.
    """
    return sorted(name for config in apps.get_app_configs() for name in _declared(config))


def secrets_of(table: str) -> set[str]:
    return {column for name, _, column in map(_split, secret_names()) if column and name == table}


def _declared(config: Any) -> Iterator[str]:
    yield from getattr(config, "secrets", ())


def _split(name: str) -> tuple[str, str, str]:
    return name.partition(".")
