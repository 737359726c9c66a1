"""`frontdesk faqs import`: a client's FAQs from a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from frontdesk.bot.importing import Report, import_faqs, read_rows
from frontdesk.bot.publishing import publish
from frontdesk.clients.context import client_context
from frontdesk.clients.models import CLIENT_ID_PREFIX
from frontdesk.clients.resolving import by_id
from frontdesk.lib.refusals import Refusal


class Command(BaseCommand):
    help = "Imports a client's FAQs from CSV or JSON and publishes them."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        importing = verbs.add_parser("import", help="store a file's rows, with a report on each")
        importing.add_argument("client_id", metavar="client")
        importing.add_argument("file", type=Path, help="CSV with a header line, or .json")
        importing.add_argument("--draft", action="store_true", help="do not publish")

    def handle(self, *args: Any, client_id: str, file: Path, draft: bool, **options: Any) -> None:
        try:
            text = file.read_text(encoding="utf-8-sig")
            client = by_id(CLIENT_ID_PREFIX + client_id.removeprefix(CLIENT_ID_PREFIX))
            rows = read_rows(text, "json" if file.suffix.lower() == ".json" else "csv")
        except (OSError, UnicodeDecodeError, Refusal) as error:
            raise CommandError(f"{file}: {error}") from None
        with client_context(client), transaction.atomic():
            report = import_faqs(rows)
            publication = None if draft else publish()
        self._tell(report)
        if publication:
            self.stdout.write(f"{client.schema_name} now serves publication {publication.number}")

    def _tell(self, report: Report) -> None:
        for row in report.rows:
            if row.outcome == "rejected":
                self.stdout.write(f"row {row.row} {row.id}: left out. {row.reason}")
        counts = report.as_dict()
        del counts["rows"]
        self.stdout.write(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
