"""The main site."""

from django.urls import include, path
from django.views.generic import RedirectView

from config.docs import api_docs
from config.urls_shared import urlpatterns as shared

urlpatterns = [
    *shared,
    path("", RedirectView.as_view(pattern_name="operator:clients"), name="home"),
    path("api/docs", api_docs, name="api-docs"),
    path("", include("frontdesk.accounts.urls")),
    path("operator/", include("frontdesk.operator.urls")),
]

handler404 = "frontdesk.lib.pages.not_found"
handler500 = "frontdesk.lib.pages.broken"
