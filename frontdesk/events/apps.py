from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Counted facts, written with the fact they count. Lives in each client's schema."""

    name = "frontdesk.events"
    label = "events"
