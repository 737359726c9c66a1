from django.apps import AppConfig


class OperatorConfig(AppConfig):
    """The operator's console: pages, no rules and no tables of its own."""

    name = "frontdesk.operator"
    label = "operator"
