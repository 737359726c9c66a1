"""Hosts of a client's own, like chat.acme.example, besides the one below the base domain."""

import re

from django.conf import settings
from django.db import IntegrityError, transaction

from frontdesk.clients.context import public_context
from frontdesk.clients.models import Client, Domain
from frontdesk.clients.resolving import is_main_host
from frontdesk.lib.refusals import InvalidRequest, Refusal

_HOST = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class DomainTaken(Refusal):
    code = "domain_taken"
    status = 409
    title = "This domain belongs to another client"


def domains_of(client: Client) -> list[str]:
    """The primary one first. Asks the database unless `domains` was fetched with the client."""
    with public_context():
        found = sorted(client.domains.all(), key=lambda each: (not each.is_primary, each.pk))
    return [domain.domain for domain in found]


def set_domains(client: Client, hosts: list[str]) -> None:
    """Replaces the client's own hosts; the first is its primary one.

    Raises InvalidRequest for what is no host name or is the install's own, DomainTaken.
    """
    names = list(dict.fromkeys(_host_of(host) for host in hosts))
    try:
        with public_context(), transaction.atomic():
            Domain.objects.filter(tenant=client).delete()
            Domain.objects.bulk_create(
                Domain(tenant=client, domain=name, is_primary=number == 0)
                for number, name in enumerate(names)
            )
    except IntegrityError:
        raise DomainTaken from None


def _host_of(text: str) -> str:
    try:
        name = text.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        name = ""
    if not _HOST.fullmatch(name):
        raise _refused(f"{text.strip() or 'An empty line'} is not a host name.")
    if is_main_host(name) or name.endswith(f".{settings.BASE_DOMAIN}"):
        raise _refused(f"{name} belongs to this install.")
    return name


def _refused(message: str) -> InvalidRequest:
    error = {"field": "domains", "code": "invalid", "message": message}
    return InvalidRequest(message, errors=[error])
