"""`frontdesk clients …`: a client's life from the command line."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from frontdesk.clients import lifecycle
from frontdesk.clients.capsules.exporting import export, file_name
from frontdesk.clients.capsules.importing import import_capsule, restore
from frontdesk.clients.domains import domains_of, set_domains
from frontdesk.clients.listing import list_clients
from frontdesk.clients.models import CLIENT_ID_PREFIX, Client
from frontdesk.clients.resolving import by_id, host_of
from frontdesk.lib.refusals import Refusal

_VERBS = {"pause": lifecycle.pause, "resume": lifecycle.resume}


class Command(BaseCommand):
    help = "Create, list, pause, resume, export, import, restore and delete clients."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="open a client; the same again changes nothing")
        create.add_argument("slug", help="the client ID is tenant_SLUG")
        create.add_argument("--name", help="the business's name; the slug when left out")
        create.add_argument("--email", help="where notices go; owner@SLUG.example when left out")
        for field in lifecycle.COMPANY_FIELDS:
            create.add_argument(f"--{field.replace('_', '-')}", default="")
        listing = verbs.add_parser("list", help="all clients, oldest first")
        listing.add_argument("--status", choices=Client.Status.values)
        listing.add_argument("--json", action="store_true", help="one JSON object a line")
        for verb, told in (
            ("pause", "show the away text; the form still works"),
            ("resume", "serve again, also while closing"),
        ):
            _add_client(verbs.add_parser(verb, help=told))
        _add_capsules(verbs)
        domains = verbs.add_parser(
            "domains", help="give the client hosts of its own; none takes them"
        )
        _add_client(domains)
        domains.add_argument("hosts", nargs="*", help="like chat.acme.example")
        delete = verbs.add_parser("delete", help="close; removal follows after the grace period")
        _add_client(delete)
        delete.add_argument("--now", action="store_true", help="remove at once, for good")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            getattr(self, f"_{verb}", self._move)(verb=verb, **options)
        except Refusal as refusal:
            raise CommandError(refusal.as_text()) from None
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.") from None

    def _create(self, *, slug: str, name: str | None, email: str | None, **options: Any) -> None:
        slug = slug.removeprefix(CLIENT_ID_PREFIX)
        company = {field: options[field] for field in lifecycle.COMPANY_FIELDS}
        before = time.process_time()
        client, new = lifecycle.create(
            slug,
            name=name or slug.replace("_", " ").title(),
            email=email or f"owner@{slug.replace('_', '-')}.example",
            **company,
        )
        spent = (time.process_time() - before) * 1_000
        told = f"created in {spent:.0f} ms of CPU" if new else "was there already"
        self.stdout.write(f"{client.schema_name} {told}; its own address: {host_of(client)}")

    def _list(self, *, status: str | None, **options: Any) -> None:
        cursor: str | None = ""
        while cursor is not None:
            page, cursor = list_clients(cursor=cursor, limit=200, status=status)
            for client in page:
                facts = {
                    "id": client.schema_name,
                    "name": client.name,
                    "email": client.email,
                    "status": client.status,
                }
                line = json.dumps(facts) if options["json"] else "  ".join(facts.values())
                self.stdout.write(line)

    def _domains(self, *, client_id: str, hosts: list[str], **_: Any) -> None:
        client = _find(client_id)
        set_domains(client, hosts)
        shown = ", ".join([*domains_of(client), host_of(client)])
        self.stdout.write(f"{client.schema_name} answers at {shown}")

    def _delete(self, *, client_id: str, now: bool, **_: Any) -> None:
        client = _find(client_id)
        lifecycle.close(client)
        if now:
            lifecycle.remove(client)
            self.stdout.write(f"{client.schema_name} is gone")
        else:
            self.stdout.write(f"{client.schema_name} is closing until {client.closing_at:%d %b %Y}")

    def _export(self, *, client_id: str, to: str | None, **_: Any) -> None:
        client = _find(client_id)
        if to == "-":
            sys.stdout.buffer.writelines(export(client))
            return
        path = Path(to or file_name(client))
        size = _write(client, path)
        self.stdout.write(f"{client.schema_name} is in {path}, {size:,} bytes")

    def _import(self, *, file: Path, slug: str, **_: Any) -> None:
        with file.open("rb") as capsule:
            client = import_capsule(capsule, slug=slug)
        told = f"imported, {client.status}; its own address: {host_of(client)}"
        self.stdout.write(f"{client.schema_name} {told}")

    def _restore(self, *, client_id: str, file: Path, made_of: str, **_: Any) -> None:
        client = _find(client_id)
        with file.open("rb") as capsule:
            restore(client, capsule, made_of=made_of)
        self.stdout.write(f"{client.schema_name} is as it was in {file}")

    def _move(self, *, verb: str, client_id: str, **_: Any) -> None:
        client = _find(client_id)
        _VERBS[verb](client)
        self.stdout.write(f"{client.schema_name} is {client.status}")


def _add_client(parser: ArgumentParser) -> None:
    parser.add_argument("client_id", metavar="client", help="client ID, with or without tenant_")


def _add_capsules(verbs: Any) -> None:
    export = verbs.add_parser("export", help="write all of a client into one file, a capsule")
    _add_client(export)
    export.add_argument("--to", metavar="FILE", help="- for standard output; CLIENT-DAY.capsule")
    importing = verbs.add_parser("import", help="open a client with all that a capsule holds")
    importing.add_argument("file", type=Path)
    importing.add_argument("--as", dest="slug", default="", help="another ID than the capsule's")
    restoring = verbs.add_parser("restore", help="put a client's content back to a capsule's")
    _add_client(restoring)
    restoring.add_argument("file", type=Path)
    restoring.add_argument(
        "--made-of",
        metavar="ID",
        default="",
        help="take the capsule of this other client",
    )


def _write(client: Client, path: Path) -> int:
    """Nothing is under the name before all of it is."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            size = sum(file.write(piece) for piece in export(client))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return size


def _find(name: str) -> Client:
    return by_id(CLIENT_ID_PREFIX + name.removeprefix(CLIENT_ID_PREFIX))
