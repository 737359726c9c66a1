"""What all pages share: their language, and what is shown for what is not there or went wrong."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render

from frontdesk.lib.problems import problem

# Answers for programs are the same in every language, and are kept by caches as such.
_FOR_PROGRAMS = ("/api/v1/", "/widget.js", "/static/", "/healthz", "/readyz")


class PageLocale(LocaleMiddleware):
    """Speaks the reader's language on pages, as far as it is translated."""

    def process_request(self, request: HttpRequest) -> None:
        if not request.path.startswith(_FOR_PROGRAMS):
            super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if request.path.startswith(_FOR_PROGRAMS):
            return response
        return super().process_response(request, response)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem("not_found", 404, "There is nothing at this address")
    facts = {"title": "There is nothing at this address", "detail": "Check the link for typos."}
    return render(request, "refusal.html", {"refusal": facts}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem("internal_error", 500, "Something went wrong on our side")
    facts = {
        "title": "Something went wrong on our side",
        "detail": "Nothing you sent was lost if you saw it confirmed. Try again in a minute.",
    }
    return render(request, "refusal.html", {"refusal": facts}, status=500)
