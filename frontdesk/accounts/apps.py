from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and programs that can prove who they are. Lives in the public schema."""

    name = "frontdesk.accounts"
    label = "accounts"
