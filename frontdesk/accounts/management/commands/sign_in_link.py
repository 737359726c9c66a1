from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from frontdesk.accounts.sign_in import make_operator_link


class Command(BaseCommand):
    help = "Prints a link that signs the operator in, once and within the hour."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(make_operator_link(settings.BASE_URL))
