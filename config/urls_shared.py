"""Addresses that the main site and every client's own host have."""

from django.urls import path

from config.api import api
from config.health import healthz, readyz
from frontdesk.widget.loader import loader, successor

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("widget.js", loader, name="widget-loader"),
    # Files that exist are served before this is asked.
    path("static/widget/<str:name>", successor),
    path("api/v1/", api.urls),
]
