from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The doors for programs. Lives in the public schema."""

    name = "frontdesk.api"
    label = "api"
