"""Making a client of a capsule, and putting a client back to one. All of it, or nothing."""

import secrets
import time
from copy import copy
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg import sql

from frontdesk.clients import lifecycle
from frontdesk.clients.capsules.catalogue import all_tables_of
from frontdesk.clients.capsules.filling import fill, keep_secrets
from frontdesk.clients.capsules.manifest import CLIENT_COLUMNS, ClientPart
from frontdesk.clients.capsules.reading import Capsule, opened
from frontdesk.clients.capsules.refusals import BrokenCapsule, ClientBusy, OtherClientsCapsule
from frontdesk.clients.context import public_context
from frontdesk.clients.lifecycle import ClientExists, wait_for_turn
from frontdesk.clients.migrating import MIGRATION_LOCK
from frontdesk.clients.models import CLIENT_ID_PREFIX, Client, validate_slug
from frontdesk.clients.provisioning import drop_schema, fingerprint
from frontdesk.clients.resolving import ClientNotFound
from frontdesk.lib.refusals import InvalidRequest

# Shorter than the second after which PostgreSQL looks for a deadlock and ends one of the two: a
# visitor's turn is never the one that gives way.
_LOCK_WAIT = "SET LOCAL statement_timeout = '500ms'"
_LOCK_TRIES = 60


def import_capsule(file: BinaryIO, *, slug: str = "") -> Client:
    """Opens a client with all that the capsule holds, under its own ID or another.

    One transaction holds the row, the schema and its content. A paused or closing client comes
    back paused. Raises ClientExists, BrokenCapsule, NewerCapsule, InvalidRequest for a bad slug.
    """
    with opened(file) as capsule, public_context(), transaction.atomic():
        _let_migrations_end()
        part = capsule.manifest.client
        client = _row(slug.removeprefix(CLIENT_ID_PREFIX) or part.id[len(CLIENT_ID_PREFIX) :], part)
        fill(client, capsule)
        return client


def restore(client: Client, file: BinaryIO, *, made_of: str = "") -> None:
    """Puts the client's content, name, e-mail, company data and origins back to the capsule's.

    Status, limits and what else belongs to the install stay. The content is made beside and takes
    the old one's place at the end, so the client is served meanwhile. `made_of` is the ID in the
    capsule where it is not the client's own. Raises OtherClientsCapsule, BrokenCapsule,
    NewerCapsule, ClientNotFound, ClientBusy.
    """
    with opened(file) as capsule, public_context(), transaction.atomic():
        _refuse_another(capsule, made_of or str(client.schema_name))
        _let_migrations_end()
        # One restore at a time; conversations go on, which a stronger lock would stop.
        found = Client.objects.select_for_update(no_key=True).filter(pk=client.pk).first()
        if found is None:
            raise ClientNotFound
        found.schema_fingerprint = fingerprint()
        beside = copy(found)
        beside.schema_name = f"frontdesk_restore_{secrets.token_hex(8)}"
        fill(beside, capsule)
        _change(found, capsule.manifest.client)
        found.save(update_fields=["schema_fingerprint"])
        _swap(found, beside)


def _let_migrations_end() -> None:
    """And keeps them from starting: they must not take the old schema for the new one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [MIGRATION_LOCK])


def _row(slug: str, part: ClientPart) -> Client:
    try:
        validate_slug(slug)
    except ValidationError as error:
        raise InvalidRequest(f"{slug} can't be a client's ID. {error.message}") from None
    wait_for_turn(slug)
    schema_name = CLIENT_ID_PREFIX + slug
    if Client.objects.filter(schema_name=schema_name).exists():
        raise ClientExists(f"{schema_name} is there already: restore it, or import --as another.")
    client = Client(schema_name=schema_name, schema_fingerprint=fingerprint())
    if part.status != "active":
        client.status, client.paused_at = Client.Status.PAUSED, timezone.now()
    client.save()
    _change(client, part)
    return client


def _change(client: Client, part: ClientPart) -> None:
    """Goes through the checks that everybody's changes go through."""
    try:
        lifecycle.change(client, **{name: getattr(part, name) for name in CLIENT_COLUMNS})
    except InvalidRequest as refusal:
        errors = refusal.facts.get("errors") or [{"field": "client", "message": refusal.detail}]
        told = "{field}: {message}".format(**errors[0]).rstrip(".")
        raise BrokenCapsule(f"The capsule's client can't be stored ({told}).") from None


def _refuse_another(capsule: Capsule, expected: str) -> None:
    held = capsule.manifest.client.id
    if held != expected:
        raise OtherClientsCapsule(f"This capsule holds {held}, not {expected}.")


def _swap(client: Client, beside: Client) -> None:
    _take_tables(client)
    keep_secrets(client, beside)
    drop_schema(client)
    with connection.cursor() as cursor:
        names = sql.Identifier(beside.schema_name), sql.Identifier(client.schema_name)
        cursor.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(*names))


def _take_tables(client: Client) -> None:
    """Waits for statements that are under way; those that come later find the new tables."""
    for _ in range(_LOCK_TRIES):
        if _took_tables(client):
            return
        time.sleep(0.05 + secrets.randbelow(200) / 1_000)
    raise ClientBusy("The client's tables are in use, as by an export. Try it a little later.")


def _took_tables(client: Client) -> bool:
    with connection.cursor() as cursor:
        names = sql.SQL(", ").join(
            table.qualified for table in all_tables_of(cursor, str(client.schema_name))
        )
        try:
            with transaction.atomic():
                cursor.execute(_LOCK_WAIT)
                cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
        except OperationalError:
            return False
    return True
