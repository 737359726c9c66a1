from django.apps import AppConfig


class VisitorFormsConfig(AppConfig):
    """Forms that visitors fill in, and what arrives. Lives in each client's schema."""

    name = "frontdesk.visitor_forms"
    label = "visitor_forms"

    def ready(self) -> None:
        from frontdesk.visitor_forms import opening  # noqa: F401, PLC0415 (connects its receiver)
