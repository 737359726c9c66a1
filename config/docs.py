"""The API's reference page, drawn from its own OpenAPI document."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from config.api import api

# The page that draws the reference writes HTML by itself, so Trusted Types stay off here alone.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def api_docs(request: HttpRequest) -> HttpResponse:
    settings = {"url": reverse("api:openapi-json"), "layout": "BaseLayout", "deepLinking": True}
    context = {"swagger_settings": json.dumps(settings), "api": api, "add_csrf": False}
    response = render(request, "ninja/swagger.html", context)
    response["Content-Security-Policy"] = _POLICY
    return response
