from django.apps import AppConfig


class ClientsConfig(AppConfig):
    """Who the clients are, where they are, what they may use. Lives in the public schema."""

    name = "frontdesk.clients"
    label = "clients"
