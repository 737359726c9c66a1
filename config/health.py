"""Whether the process serves, and whether the install behind it is ready."""

from django.db import Error
from django.http import HttpRequest, HttpResponse

from frontdesk.clients.migrating import is_migrated


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    try:
        ready = is_migrated()
    except Error:
        return HttpResponse("database unreachable", status=503, content_type="text/plain")
    if not ready:
        return HttpResponse("database not migrated", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
