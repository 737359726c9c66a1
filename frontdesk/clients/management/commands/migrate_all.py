from typing import Any

from django.core.management.base import BaseCommand

from frontdesk.clients.migrating import migrate_all


class Command(BaseCommand):
    help = "Brings the public schema and every client's to the state of the code."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for line in migrate_all():
            self.stdout.write(line)
