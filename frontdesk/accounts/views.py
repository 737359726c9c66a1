from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from frontdesk.accounts.sign_in import use_token
from frontdesk.lib.addresses import address_of
from frontdesk.lib.rate_headers import take_for
from frontdesk.lib.rates import RateLimited

_TRIES_A_MINUTE = 30


@never_cache
@require_GET
def sign_in(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/sign_in.html")


@never_cache
@require_GET
def use_link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        take_for(request, _TRIES_A_MINUTE, "sign-in", address_of(request))
    except RateLimited as refusal:
        return render(request, "refusal.html", {"refusal": refusal}, status=refusal.status)
    user = use_token(token)
    if user is None:
        return render(request, "accounts/sign_in.html", {"link_failed": True}, status=410)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("home")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")
