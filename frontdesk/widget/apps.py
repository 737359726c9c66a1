from django.apps import AppConfig


class WidgetConfig(AppConfig):
    """The visitor's door: what the widget on a client's website talks to."""

    name = "frontdesk.widget"
    label = "widget"
