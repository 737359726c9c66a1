from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from frontdesk.accounts.operator_keys import make_operator_key


class Command(BaseCommand):
    help = "Makes a key for the operator's door of the API and prints it, this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the key is for, like 'provisioning script'")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(make_operator_key(options["name"]))
