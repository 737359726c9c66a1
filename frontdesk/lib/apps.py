from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "frontdesk.lib"
    label = "lib"
