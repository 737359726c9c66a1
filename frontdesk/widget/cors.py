"""Lets the widget's calls in from the clients' own websites.

A preflight carries no client header, so it is answered for any origin: it only lets the browser
ask. Whether the origin may use the client is decided on the call itself (`widget.access`), and
an origin that may not gets an answer that its page can't read.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

DOOR = "/api/v1/widget/"
_ALLOWED_HEADERS = "content-type, x-client-id, x-conversation-token"
_EXPOSED_HEADERS = (
    "ETag, Retry-After, X-Conversation-Token, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
)
_PREFLIGHT_SECONDS = "86400"


class WidgetCors:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(DOOR):
            return self.get_response(request)
        if _is_preflight(request):
            return _preflight(request)
        response = self.get_response(request)
        origin = request.headers.get("Origin")
        if origin and not getattr(request, "origin_refused", False):
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
        patch_vary_headers(response, ["Origin", "X-Client-ID"])
        # The panel is drawn on other people's pages.
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


def _is_preflight(request: HttpRequest) -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _preflight(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
    response["Access-Control-Allow-Methods"] = "GET, POST"
    response["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
    response["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
    patch_vary_headers(response, ["Origin"])
    return response
