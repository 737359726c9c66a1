"""Puts each request into its client's schema, and back."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontdesk.clients.context import client_context, public_context
from frontdesk.clients.models import Client
from frontdesk.clients.resolving import is_main_host, resolve
from frontdesk.lib.problems import problem_of
from frontdesk.lib.refusals import Refusal

_CLIENT_HEADER = "X-Client-ID"
# They tell about the process, whatever host a load balancer names.
_HEALTH = ("/healthz", "/readyz")


class ClientRequest(HttpRequest):
    client: Client | None


class ResolveClient:
    """Sets `request.client`, and serves a client's own host with that host's own addresses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host = request.META.get("HTTP_HOST") or request.META.get("SERVER_NAME", "")
        if request.path in _HEALTH:
            return self._serve(request, None)
        try:
            client = resolve(host, request.headers.get(_CLIENT_HEADER))
        except Refusal as refusal:
            return refuse(request, refusal)
        if client is not None and not is_main_host(host):
            request.urlconf = settings.CLIENT_URLCONF
        return self._serve(request, client)

    def _serve(self, request: HttpRequest, client: Client | None) -> HttpResponse:
        request.client = client  # type: ignore[attr-defined]
        with client_context(client) if client else public_context():
            return self.get_response(request)


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A problem for programs, a page for people."""
    if request.path.startswith("/api/") or not request.accepts("text/html"):
        return problem_of(refusal)
    return render(request, "refusal.html", {"refusal": refusal}, status=refusal.status)
