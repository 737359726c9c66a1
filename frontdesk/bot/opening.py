"""What a new client's bot starts with."""

from typing import Any

from django.dispatch import receiver

from frontdesk.bot import defaults
from frontdesk.bot.models import Settings
from frontdesk.bot.publishing import publish
from frontdesk.clients.models import Client
from frontdesk.clients.signals import client_opened


# The form's receiver, of a room below, has run when this one does: rooms load bottom-up.
@receiver(client_opened, sender=Client, dispatch_uid="bot.first_publication")
def publish_first(client: Client, **_: Any) -> None:
    Settings.objects.create(
        pk=1,
        texts=defaults.TEXTS | {"title": client.name},
        theme=defaults.THEME,
        options=defaults.OPTIONS,
        rules=defaults.RULES,
    )
    publish()
