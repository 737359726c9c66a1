"""`frontdesk bot`: what a client's bot says and how it looks, from and to a file."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from pydantic import ValidationError

from frontdesk.bot.publishing import draft, publish
from frontdesk.bot.teaching import Lesson, teach
from frontdesk.clients.context import client_context
from frontdesk.clients.models import CLIENT_ID_PREFIX
from frontdesk.clients.resolving import by_id
from frontdesk.lib.refusals import Refusal


class Command(BaseCommand):
    help = "Shows a client's bot as JSON, or teaches it texts, theme, options, handoffs and more."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        show = verbs.add_parser("show", help="print the draft, as docs/publication.md describes it")
        show.add_argument("client_id", metavar="client")
        teaching = verbs.add_parser("teach", help="replace what a JSON file holds, and publish")
        teaching.add_argument("client_id", metavar="client")
        teaching.add_argument("file", type=Path, help="- reads the standard input")
        teaching.add_argument("--draft", action="store_true", help="do not publish")

    def handle(self, *args: Any, verb: str, client_id: str, **options: Any) -> None:
        try:
            client = by_id(CLIENT_ID_PREFIX + client_id.removeprefix(CLIENT_ID_PREFIX))
            with client_context(client), transaction.atomic():
                if verb == "show":
                    self.stdout.write(json.dumps(draft(), ensure_ascii=False, indent=2))
                else:
                    self._teach(**options)
        except Refusal as refusal:
            raise CommandError(refusal.as_text()) from None

    def _teach(self, *, file: Path, draft: bool, **_: Any) -> None:
        try:
            text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
            lesson = Lesson.model_validate_json(text)
        except OSError as error:
            raise CommandError(f"{file} can't be read: {error.strerror}.") from None
        except ValidationError as error:
            lines = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
            raise CommandError("\n".join(lines)) from None
        teach(lesson)
        if not draft:
            self.stdout.write(f"publication {publish().number} is live")
