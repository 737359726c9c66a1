"""Tells callers where they stand with the rates that `lib.rates` counts."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from frontdesk.lib.rates import Rate, RateLimited, take


def take_for(request: HttpRequest, per_minute: int, *key: str) -> None:
    """Counts the request; of several rates, the one with the least left is told."""
    try:
        rate = take(per_minute, *key)
    except RateLimited as refused:
        request.rate = Rate(per_minute, 0, refused.facts["retry_after"])  # type: ignore[attr-defined]
        raise
    told: Rate | None = getattr(request, "rate", None)
    if told is None or rate.remaining < told.remaining:
        request.rate = rate  # type: ignore[attr-defined]


class RateHeaders:
    """Adds `RateLimit-Limit`, `-Remaining` and `-Reset` (seconds) to what was counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        rate: Rate | None = getattr(request, "rate", None)
        if rate is not None:
            response["RateLimit-Limit"] = str(rate.limit)
            response["RateLimit-Remaining"] = str(rate.remaining)
            response["RateLimit-Reset"] = str(rate.reset)
        return response
