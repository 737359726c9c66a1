"""The bot on a page of its own, at the client's own host: for links and QR codes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontdesk.clients.middleware import refuse
from frontdesk.clients.models import Client
from frontdesk.clients.resolving import ClientClosing


def hosted(request: HttpRequest) -> HttpResponse:
    client: Client = request.client  # type: ignore[attr-defined]
    if client.is_closing:
        return refuse(request, ClientClosing())
    return render(request, "widget/hosted.html", {"client": client})
