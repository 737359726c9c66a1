from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """What was said, and where visitors were sent on. Lives in each client's schema."""

    name = "frontdesk.conversations"
    label = "conversations"
