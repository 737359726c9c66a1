from django.apps import AppConfig


class BotConfig(AppConfig):
    """What a client teaches its bot, and the publications of it. Lives in each client's schema."""

    name = "frontdesk.bot"
    label = "bot"

    def ready(self) -> None:
        from frontdesk.bot import opening  # noqa: F401, PLC0415 (connects its receiver)
