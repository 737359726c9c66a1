"""A client's life: opened → active ⇄ paused → closing → gone."""

import re
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from frontdesk.clients import provisioning
from frontdesk.clients.context import client_context, public_context
from frontdesk.clients.models import CLIENT_ID_PREFIX, SLUG_MAX_LENGTH, Client, validate_slug
from frontdesk.clients.origins import origin_of
from frontdesk.clients.signals import client_closed, client_opened
from frontdesk.lib.refusals import InvalidRequest, Refusal

_NAME_MOST = 120
COMPANY_FIELDS = ("legal_name", "address", "country", "phone", "website")


class ClientExists(Refusal):
    code = "client_exists"
    status = 409
    title = "Another client has this ID"


class NotPossibleNow(Refusal):
    code = "wrong_status"
    status = 409
    title = "The client's status does not allow it"


def create(slug: str, *, name: str, email: str, **company: str) -> tuple[Client, bool]:
    """Opens a client and says whether it is new.

    One transaction holds the row, the schema and all that a client starts with: whatever ends it
    half way leaves nothing. Asked again with the same name and e-mail it answers with the client
    that is there; with others it raises ClientExists. Raises InvalidRequest for bad values.
    """
    slug = slug.removeprefix(CLIENT_ID_PREFIX)
    name, email = name.strip(), email.strip().lower()
    _check(slug, name, email, company)
    with public_context(), transaction.atomic():
        _take_turn(slug)
        existing = Client.objects.filter(schema_name=CLIENT_ID_PREFIX + slug).first()
        if existing is not None:
            return _same(existing, name, email), False
        return _open(slug, name, email, company), True


def slug_of(name: str) -> str:
    """A slug made of a business's name; empty when the name holds nothing usable."""
    return re.sub(r"[^a-z0-9]+", "_", slugify(name)).strip("_")[:SLUG_MAX_LENGTH]


def pause(client: Client) -> None:
    """The widget shows the away text; forms still take submissions."""
    _move(client, {Client.Status.ACTIVE}, Client.Status.PAUSED, paused_at=timezone.now())


def resume(client: Client) -> None:
    """Also takes back a closing, as long as the grace period lasts."""
    allowed = {Client.Status.PAUSED, Client.Status.CLOSING}
    _move(client, allowed, Client.Status.ACTIVE, paused_at=None, closing_at=None)


def close(client: Client) -> None:
    """Stops serving the client; after the grace period `remove_closed` removes it."""
    grace = timedelta(days=settings.CLOSING_GRACE_DAYS)
    _move(
        client,
        {Client.Status.ACTIVE, Client.Status.PAUSED},
        Client.Status.CLOSING,
        closing_at=timezone.now() + grace,
    )


def remove(client: Client) -> None:
    """Removes a closing client, its schema and everything in it, now and for good."""
    if not client.is_closing:
        raise NotPossibleNow("Close the client first.")
    with public_context(), transaction.atomic():
        with client_context(client):
            client_closed.send(Client, client=client)
        provisioning.drop_schema(client)
        client.delete()


def remove_closed() -> list[str]:
    """Removes every client whose grace period is over; returns their IDs."""
    with public_context():
        due = Client.objects.filter(status=Client.Status.CLOSING, closing_at__lte=timezone.now())
        removed = []
        for client in due:
            remove(client)
            removed.append(client.schema_name)
        return removed


def change(client: Client, **facts: Any) -> None:
    """Changes name, e-mail, company data, allowed origins, limits or permissions.

    Raises InvalidRequest; the client ID never changes, the status has verbs of its own.
    """
    if "allowed_origins" in facts:
        origins = [origin_of(origin) for origin in facts["allowed_origins"]]
        facts["allowed_origins"] = list(dict.fromkeys(origins))
    for name, value in facts.items():
        setattr(client, name, value)
    _check(client.slug, client.name, client.email, {})
    if facts:
        with public_context():
            client.save(update_fields=list(facts))


def _check(slug: str, name: str, email: str, company: dict[str, str]) -> None:
    errors = []
    for field, value, validate in (("slug", slug, validate_slug), ("email", email, validate_email)):
        try:
            validate(value)
        except ValidationError as error:
            errors.append({"field": field, "code": "invalid", "message": " ".join(error.messages)})
    if not 1 <= len(name) <= _NAME_MOST:
        message = "Give a name of 1 to 120 characters."
        errors.append({"field": "name", "code": "invalid", "message": message})
    errors += [
        {"field": field, "code": "unknown", "message": "There is no such field."}
        for field in company
        if field not in COMPANY_FIELDS
    ]
    if errors:
        raise InvalidRequest(errors=errors)


def _take_turn(slug: str) -> None:
    """Two that open the same client at once go one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"client {slug}"])


def _same(client: Client, name: str, email: str) -> Client:
    if (client.name, client.email) != (name, email):
        raise ClientExists(f"{client.schema_name} belongs to another business.")
    return client


def _open(slug: str, name: str, email: str, company: dict[str, str]) -> Client:
    client = Client(
        schema_name=CLIENT_ID_PREFIX + slug,
        name=name,
        email=email,
        schema_fingerprint=provisioning.fingerprint(),
        **company,
    )
    client.save()
    provisioning.build_schema(client)
    with client_context(client):
        client_opened.send(Client, client=client)
    return client


def _move(
    client: Client, allowed: set[Client.Status], status: Client.Status, **facts: object
) -> None:
    if client.status == status:
        return
    with public_context():
        changed = Client.objects.filter(pk=client.pk, status__in=allowed).update(
            status=status, **facts
        )
        if not changed:
            client.refresh_from_db()
            raise NotPossibleNow(f"The client is {client.status}.")
        client.refresh_from_db()
