"""Problem details for programs, after RFC 9457."""

from typing import Any

from django.http import JsonResponse

from frontdesk.lib.refusals import Refusal


def problem(code: str, status: int, title: str, detail: str = "", **facts: Any) -> JsonResponse:
    """An `application/problem+json` response whose `code` is stable and whose texts are not."""
    body = {"type": f"urn:frontdesk:problem:{code}", "title": title, "status": status, "code": code}
    if detail and detail != title:
        body["detail"] = detail
    return JsonResponse(body | facts, status=status, content_type="application/problem+json")


def problem_of(refusal: Refusal) -> JsonResponse:
    response = problem(refusal.code, refusal.status, refusal.title, refusal.detail, **refusal.facts)
    retry_after = refusal.facts.get("retry_after")
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response
