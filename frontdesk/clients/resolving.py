"""Which client a request is for. The one place that decides it."""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from frontdesk.clients.models import CLIENT_ID_PREFIX, Client
from frontdesk.lib.refusals import Refusal

_CLIENT_ID = re.compile(rf"{CLIENT_ID_PREFIX}[a-z0-9_]{{1,56}}")
_FIELDS = [field.attname for field in Client._meta.concrete_fields]  # noqa: SLF001
_COLUMNS = ", ".join(f'c."{field.column}"' for field in Client._meta.concrete_fields)  # noqa: SLF001
_BY_ID = f"SELECT {_COLUMNS} FROM public.clients_client c WHERE c.schema_name = %s"  # noqa: S608
_BY_DOMAIN = f"""
SELECT {_COLUMNS} FROM public.clients_client c
JOIN public.clients_domain d ON d.tenant_id = c.id WHERE d.domain = %s
"""  # noqa: S608


class ClientNotFound(Refusal):
    code = "client_not_found"
    status = 404
    title = "There is no such client"


class ClientMismatch(Refusal):
    code = "client_mismatch"
    status = 400
    title = "The address and the client ID name different clients"


class ClientClosing(Refusal):
    code = "client_closing"
    status = 410
    title = "This client is closing"


def resolve(host: str, client_id: str | None = None) -> Client | None:
    """The client named by the header, by the host, or by both; None on the main site.

    `host` may carry a port. Raises ClientMismatch when the two disagree, ClientNotFound when what
    they name is not there.
    """
    if is_main_host(host):
        return by_id(client_id) if client_id is not None else None
    name = _without_port(host)
    slug = _slug_below_base_domain(name)
    if slug is not None:
        named = CLIENT_ID_PREFIX + slug
        if client_id not in (None, named):
            raise ClientMismatch
        return by_id(named)
    return _by_own_domain(name, client_id)


def by_id(client_id: str) -> Client:
    """The client with this ID; raises ClientNotFound, also for what can't be one."""
    if not _CLIENT_ID.fullmatch(client_id):
        raise ClientNotFound
    client = _fetch(_BY_ID, client_id)
    if client is None:
        raise ClientNotFound
    return client


def refuse_closing(client: Client) -> None:
    if client.is_closing:
        raise ClientClosing


def host_of(client: Client) -> str:
    """The client's host below the base domain, with the port that the main site has."""
    port = urlsplit(settings.BASE_URL).port
    label = client.slug.replace("_", "-")
    return f"{label}.{settings.BASE_DOMAIN}" + (f":{port}" if port else "")


def is_main_host(host: str) -> bool:
    """Whether a host is the main site's. An IP address can't be a client's."""
    name = _without_port(host)
    if name in (settings.BASE_DOMAIN, urlsplit(settings.BASE_URL).hostname):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    host = host.strip().lower().rstrip(".")
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].rstrip(".")


def _slug_below_base_domain(name: str) -> str | None:
    label, dot, parent = name.partition(".")
    if not dot or parent != settings.BASE_DOMAIN:
        return None
    # A host name has no underscores, a slug has no dashes.
    return label.replace("-", "_")


def _by_own_domain(name: str, client_id: str | None) -> Client:
    # PostgreSQL refuses to be asked for a NUL.
    owner = None if "\x00" in name else _fetch(_BY_DOMAIN, name)
    if owner is None:
        # An address that is nobody's, as inside a private network: the ID alone decides.
        if client_id is None:
            raise ClientNotFound
        return by_id(client_id)
    if client_id not in (None, owner.schema_name):
        raise ClientMismatch
    return owner


def _fetch(query: str, value: str) -> Client | None:
    try:
        row = _fetch_row(connection, query, value)
    except OperationalError:
        if connection.in_atomic_block:
            raise
        # The first query of a request finds out that the server was restarted since the last.
        connection.close()
        row = _fetch_row(connection, query, value)
    connection.mark_healthy()  # type: ignore[attr-defined]
    return Client.from_db("default", _FIELDS, row) if row else None


def _fetch_row(connection: BaseDatabaseWrapper, query: str, value: str) -> Any:
    with connection.cursor_anywhere() as cursor:  # type: ignore[attr-defined]
        cursor.execute(query, [value])
        return cursor.fetchone()
