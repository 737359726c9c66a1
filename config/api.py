"""The HTTP API: the doors put together, and what their refusals look like."""

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from frontdesk.api.operator_door import router as operator_door
from frontdesk.lib.problems import problem, problem_of
from frontdesk.lib.refusals import InvalidRequest, Refusal
from frontdesk.widget.door import router as widget_door

log = logging.getLogger(__name__)

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem details. `code` is stable; the texts are for people.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("field", "code", "message")},
            },
        },
    },
    "additionalProperties": True,
}
_REFUSED = {
    "description": "What was asked is refused, or went wrong",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _header(name: str, description: str, *, required: bool) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


_CLIENT_ID = _header(
    "X-Client-ID", "The client, like tenant_acme; not needed on the client's host", required=False
)
_TOKEN = _header(
    "X-Conversation-Token",
    "What opening the conversation gave. An answer may carry a newer one.",
    required=True,
)
_WIDGET = "/api/v1/widget/"


class FrontdeskAPI(NinjaAPI):
    """Completes the OpenAPI document: headers of the widget door, problems as answers."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"]["Problem"] = _PROBLEM
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                operation["responses"]["default"] = _REFUSED
                if path.startswith(_WIDGET):
                    operation.setdefault("parameters", []).append(_CLIENT_ID)
                if path.endswith(("{conversation_id}/messages", "widget/events")):
                    operation["parameters"].append(_TOKEN)
        return schema


api = FrontdeskAPI(
    title="Frontdesk",
    version="1",
    description="Three doors, by caller: the widget, the client's programs, the operator's.",
    openapi_url="/openapi.json",
    docs_url=None,
    urls_namespace="api",
)
api.add_router("/widget/", widget_door)
api.add_router("/operator/", operator_door)


@api.exception_handler(Refusal)
def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return problem_of(refusal)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problem_of(InvalidRequest(errors=[_said(each) for each in error.errors]))


@api.exception_handler(AuthenticationError)
def unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = problem("key_invalid", 401, "A valid key is needed, as Authorization: Bearer …")
    response["WWW-Authenticate"] = 'Bearer realm="frontdesk"'
    return response


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem("not_found", 404, "There is nothing at this address")


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem("too_large", 413, "What was sent is too large")


@api.exception_handler(HttpError)
def other(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem("invalid_request", error.status_code, str(error))


@api.exception_handler(Exception)
def broken(request: HttpRequest, error: Exception) -> HttpResponse:
    # What was sent stays out of the log: it may be personal.
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem("internal_error", 500, "Something went wrong on our side")


def _said(error: dict[str, Any]) -> dict[str, str]:
    """Pydantic's account of one value, in the shape that forms' errors have too."""
    # The first two places name the part of the request and the view's parameter.
    where = [str(part) for part in error["loc"][1:]]
    if where and where[0] == "sent":
        where = where[1:]
    message = error["msg"].removeprefix("Value error, ")
    return {"field": ".".join(where), "code": error["type"], "message": message}
