"""The console's pages. Every one asks for a signed-in operator."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from frontdesk.accounts.models import User
from frontdesk.bot.reading import Summary, summary_of
from frontdesk.clients import lifecycle, resolving
from frontdesk.clients.context import client_context
from frontdesk.clients.listing import list_clients
from frontdesk.clients.models import Client
from frontdesk.clients.usage import messages_this_month
from frontdesk.lib.refusals import InvalidRequest, Refusal
from frontdesk.operator.forms import NewClientForm, OriginsForm

View = Callable[..., HttpResponse]
_PAGE = 50


def operator_only(view: View) -> View:
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        if not request.user.is_operator:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@operator_only
@require_GET
def clients(request: HttpRequest) -> HttpResponse:
    search, status = request.GET.get("q", "").strip()[:120], request.GET.get("status", "")
    if status not in Client.Status.values:
        status = ""
    try:
        page, next_cursor = list_clients(
            cursor=request.GET.get("cursor", ""), limit=_PAGE, status=status, search=search
        )
    except InvalidRequest:
        return redirect("operator:clients")
    facts = {"page": page, "next_cursor": next_cursor, "search": search, "status": status}
    return render(request, "operator/clients.html", facts | {"statuses": Client.Status})


@operator_only
@require_http_methods(["GET", "POST"])
def new_client(request: HttpRequest) -> HttpResponse:
    form = NewClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        try:
            client, new = lifecycle.create(facts["slug"], name=facts["name"], email=facts["email"])
        except Refusal as refusal:
            _show(form, refusal)
        else:
            if new:
                messages.success(request, _("%s is ready to be taught.") % client.name)
            return redirect("operator:client", client.schema_name)
    return render(request, "operator/new_client.html", {"form": form}, status=_status(form))


@operator_only
@require_GET
def client(request: HttpRequest, client_id: str) -> HttpResponse:
    found = _find(client_id)
    return render(request, "operator/client.html", _facts(found))


@operator_only
@require_POST
def pause(request: HttpRequest, client_id: str) -> HttpResponse:
    return _move(request, client_id, lifecycle.pause, _("%s is paused."))


@operator_only
@require_POST
def resume(request: HttpRequest, client_id: str) -> HttpResponse:
    return _move(request, client_id, lifecycle.resume, _("%s is active."))


@operator_only
@require_POST
def close(request: HttpRequest, client_id: str) -> HttpResponse:
    return _move(request, client_id, lifecycle.close, _("%s is closing."))


@operator_only
@require_POST
def origins(request: HttpRequest, client_id: str) -> HttpResponse:
    found = _find(client_id)
    form = OriginsForm(request.POST)
    try:
        if form.is_valid():
            lifecycle.change(found, allowed_origins=form.cleaned_data["origins"])
            messages.success(request, _("Allowed websites saved."))
    except InvalidRequest as refusal:
        facts = {"origins_error": refusal.detail, "origins": request.POST.get("origins", "")}
        return render(request, "operator/client.html", _facts(found) | facts, status=422)
    return redirect("operator:client", client_id)


def _find(client_id: str) -> Client:
    try:
        return resolving.by_id(client_id)
    except resolving.ClientNotFound:
        raise Http404 from None


def _facts(found: Client) -> dict[str, Any]:
    with client_context(found):
        summary: Summary = summary_of()
    return {
        "client": found,
        "summary": summary,
        "messages_used": messages_this_month(found, timezone.now()),
        "host": resolving.host_of(found),
        "base_url": settings.BASE_URL,
        "origins": "\n".join(found.allowed_origins),
    }


def _move(
    request: HttpRequest, client_id: str, verb: Callable[[Client], None], told: str
) -> HttpResponse:
    found = _find(client_id)
    try:
        verb(found)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, told % found.name)
    return redirect("operator:client", client_id)


def _show(form: NewClientForm, refusal: Refusal) -> None:
    for error in refusal.facts.get("errors", ()):
        form.add_error(error["field"], error["message"])
    if not refusal.facts.get("errors"):
        form.add_error("slug", _("Another business has this ID. Choose another."))


def _status(form: NewClientForm) -> int:
    return 422 if form.is_bound and not form.is_valid() else 200
