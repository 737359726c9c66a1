"""Pages for what is not there and for what went wrong."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontdesk.lib.problems import problem


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
