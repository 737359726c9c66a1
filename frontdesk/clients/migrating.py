"""Bringing the public schema and every client's to the state of the code."""

from collections.abc import Iterator

from django.db import ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor

from frontdesk.clients.context import public_context
from frontdesk.clients.models import Blueprint, Client
from frontdesk.clients.provisioning import ensure_blueprint, fingerprint, migrate_schema

MIGRATION_LOCK = 0x46726F6E74  # "Front": one migration at a time over all processes of the install.


def migrate_all() -> Iterator[str]:
    """Does what is left to do, and yields a line on each thing done; nothing to do yields nothing.

    A client is behind when its recorded fingerprint is not that of the code: one query finds them.
    """
    with public_context(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        yield from _migrate()
    finally:
        # The stock executor closes the connection, and with it the lock is gone.
        with public_context(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")


def is_migrated() -> bool:
    try:
        with public_context():
            return Blueprint.objects.filter(pk=fingerprint()).exists()
    except ProgrammingError:
        return False


def _migrate() -> Iterator[str]:
    with public_context():
        if _public_is_behind():
            migrate_schema("public")
            yield "public schema migrated"
        if ensure_blueprint():
            yield "blueprint of a client's schema made"
        behind = Client.objects.exclude(schema_fingerprint=fingerprint())
        for client in behind.order_by("pk"):
            migrate_schema(client.schema_name)
            Client.objects.filter(pk=client.pk).update(schema_fingerprint=fingerprint())
            yield f"{client.schema_name} migrated"


def _public_is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
