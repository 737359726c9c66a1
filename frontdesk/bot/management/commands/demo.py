"""`frontdesk demo`: something to try the install with."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from frontdesk.bot import demo_content
from frontdesk.lib.refusals import Refusal

_DESKS = {
    "help_desk": ("Help Desk", "help-desk.csv"),
    "health_desk": ("Health Desk", "health-desk.csv"),
}


class Command(BaseCommand):
    help = "Loads the demo clients, or two real FAQ lists as two more."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("load", help="the plant shop and the dental clinic, where missing")
        desks = verbs.add_parser("import-desks", help="clients help_desk and health_desk")
        desks.add_argument(
            "--folder",
            type=Path,
            default=Path("../shared/data/faqs"),
            help="where help-desk.csv and health-desk.csv are (default: %(default)s)",
        )

    def handle(self, *args: Any, verb: str, folder: Path = Path(), **options: Any) -> None:
        if verb == "load":
            for slug in demo_content.SLUGS:
                if demo_content.load(slug):
                    self.stdout.write(f"demo client tenant_{slug} made")
            return
        for slug, (name, file) in _DESKS.items():
            self._import_desk(slug, name, folder / file)

    def _import_desk(self, slug: str, name: str, path: Path) -> None:
        try:
            report = demo_content.load_list(slug, name, path.read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{path} can't be read: {error.strerror}.") from None
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        counts = ", ".join(
            f"{report[name]} {name}" for name in ("created", "updated", "unchanged", "rejected")
        )
        self.stdout.write(f"tenant_{slug}: {counts}")
