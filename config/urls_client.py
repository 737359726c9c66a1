"""A client's own host: the bot on a page of its own, and the API."""

from django.urls import path

from config.urls_shared import urlpatterns as shared
from frontdesk.widget.pages import hosted

urlpatterns = [*shared, path("", hosted, name="hosted")]
