"""Making a schema and putting a capsule's rows into it. Belongs inside a transaction."""

from collections.abc import Iterable

import psycopg
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from psycopg import errors, sql

from frontdesk.clients.capsules.catalogue import (
    Table,
    all_tables_of,
    secret_names,
    secrets_of,
    tables_of,
)
from frontdesk.clients.capsules.exporting import client_labels
from frontdesk.clients.capsules.reading import Capsule
from frontdesk.clients.capsules.refusals import BrokenCapsule, NewerCapsule
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from frontdesk.clients.provisioning import build_schema

_LOAD = sql.SQL("COPY {} ({}) FROM STDIN")
# Numbers go on after the highest that is there.
_GO_ON = sql.SQL(
    "SELECT setval({sequence}, greatest(max({column}), 1), coalesce(max({column}) >= 1, false))"
    " FROM {table}"
)
_COPY = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}")
_KEEP = sql.SQL("UPDATE {} n SET {} = o.{} FROM {} o WHERE {}")
_UNFIT = (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded)


def fill(place: Client, capsule: Capsule) -> None:
    """Makes the schema that `place` names, with all that the capsule holds, at the code's state.

    A capsule of an older state is loaded into a schema of that state, which is then migrated.
    Raises BrokenCapsule, NewerCapsule.
    """
    wanted, ours = set(capsule.manifest.schema_.migrations), _migrations_on_disk()
    if unknown := sorted(wanted - ours):
        raise NewerCapsule(
            f"This capsule was made by a newer Frontdesk (it knows {unknown[0]}): "
            "update this install first."
        )
    if wanted == ours:
        build_schema(place)
        _load(place, capsule)
        return
    _create_empty(place)
    _migrate(place, wanted)
    _load(place, capsule)
    _migrate(place, ours)


def keep_secrets(client: Client, beside: Client) -> None:
    """Takes over what no capsule holds: a client that is put back keeps the keys it has now."""
    with connection.cursor_anywhere() as cursor:  # type: ignore[attr-defined]
        before = {table.name: table for table in all_tables_of(cursor, str(client.schema_name))}
        for table in all_tables_of(cursor, str(beside.schema_name)):
            old = before.get(table.name)
            if old is None:
                continue
            if table.name in secret_names():
                _copy_rows(cursor, old, table)
            for column in secrets_of(table.name) & _names(old) & _names(table):
                cursor.execute(_KEEP.format(*_keeping(old, table, column)))


def _copy_rows(cursor: psycopg.Cursor, old: Table, new: Table) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, sorted(_names(old) & _names(new))))
    cursor.execute(_COPY.format(new.qualified, columns, columns, old.qualified))
    _go_on_counting(cursor, new)


def _keeping(old: Table, new: Table, column: str) -> tuple[sql.Composable, ...]:
    same = sql.SQL(" AND ").join(
        sql.SQL("n.{0} = o.{0}").format(sql.Identifier(each.name))
        for each in new.columns
        if each.key_place is not None
    )
    name = sql.Identifier(column)
    return new.qualified, name, name, old.qualified, same


def _names(table: Table) -> set[str]:
    return {column.name for column in table.columns}


def _migrations_on_disk() -> set[str]:
    disk, labels = MigrationLoader(None).disk_migrations, client_labels()
    return {f"{app}.{name}" for app, name in disk if app in labels}


def _create_empty(place: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(place.schema_name)))


def _migrate(place: Client, wanted: set[str]) -> None:
    """Brings the schema forward until exactly the `wanted` migrations are applied to it."""
    with client_context(place):
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(_last_of(executor.loader, wanted))
        reached = {_label(key) for key in executor.loader.applied_migrations}
        reached |= {_label((migration.app_label, migration.name)) for migration, _ in plan}
        if any(backwards for _, backwards in plan) or _ours(reached) != wanted:
            raise BrokenCapsule("The capsule's migrations do not belong together.")
        if not all(migration.atomic for migration, _ in plan):
            raise BrokenCapsule(
                "Between this capsule's Frontdesk and this one lies a change that can't be made in "
                "one transaction: import it with the older Frontdesk, then update."
            )
        executor.migrate(_last_of(executor.loader, wanted), plan=plan)


def _last_of(loader: MigrationLoader, wanted: set[str]) -> list[tuple[str, str]]:
    """Of each app the migrations that no other wanted one of the app builds on."""
    keys = [key for key in loader.graph.nodes if _label(key) in wanted]
    before = {
        parent.key
        for key in keys
        for parent in loader.graph.node_map[key].parents
        if parent.key[0] == key[0]
    }
    return [key for key in keys if key not in before]


def _label(key: tuple[str, str]) -> str:
    return ".".join(key)


def _ours(names: Iterable[str]) -> set[str]:
    labels = client_labels()
    return {name for name in names if name.partition(".")[0] in labels}


def _load(place: Client, capsule: Capsule) -> None:
    with connection.cursor_anywhere() as cursor:  # type: ignore[attr-defined]
        tables = tables_of(cursor, str(place.schema_name))
        _compare(tables, capsule)
        for table in tables:
            _load_table(cursor, table, capsule)
        _check_references(cursor)
        for table in tables:
            _go_on_counting(cursor, table)


def _compare(tables: list[Table], capsule: Capsule) -> None:
    """Names in the file are only ever compared with the schema's own."""
    told = capsule.manifest.tables
    if {table.name for table in tables} != set(told):
        raise BrokenCapsule("The capsule's tables are not those of its migrations.")
    for table in tables:
        known, listed = _names(table), told[table.name].columns
        if set(listed) | secrets_of(table.name) != known or len(set(listed)) != len(listed):
            raise BrokenCapsule(f"The capsule's columns of {table.name} are not the table's.")


def _load_table(cursor: psycopg.Cursor, table: Table, capsule: Capsule) -> None:
    told = capsule.manifest.tables[table.name]
    columns = sql.SQL(", ").join(map(sql.Identifier, told.columns))
    try:
        with cursor.copy(_LOAD.format(table.qualified, columns)) as copy:
            for piece in capsule.rows_of(table.name):
                copy.write(piece)
    except _UNFIT as error:
        raise _unfit(table.name, error) from None
    if cursor.rowcount != told.rows:
        raise BrokenCapsule(f"The capsule has {cursor.rowcount} rows of {table.name}, not as told.")


def _check_references(cursor: psycopg.Cursor) -> None:
    """Now, so that a row that refers to nothing is told here; later migrations need it too."""
    try:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        raise _unfit("a row refers to one that is not there", error.__cause__) from None
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _go_on_counting(cursor: psycopg.Cursor, table: Table) -> None:
    for column in table.columns:
        if column.sequence is not None:
            cursor.execute(
                _GO_ON.format(
                    sequence=sql.Literal(column.sequence),
                    column=sql.Identifier(column.name),
                    table=table.qualified,
                )
            )


def _unfit(what: str, error: BaseException | None) -> BrokenCapsule:
    told = error.diag.message_primary if isinstance(error, psycopg.Error) else error
    return BrokenCapsule(f"The capsule's rows do not fit: {what} ({told}).")
