"""A client's life: opened → active ⇄ paused → closing → gone."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from frontdesk.clients import provisioning
from frontdesk.clients.context import client_context, public_context
from frontdesk.clients.models import CLIENT_ID_PREFIX, SLUG_MAX_LENGTH, Client, validate_slug
from frontdesk.clients.origins import origin_of
from frontdesk.clients.signals import client_closed, client_opened
from frontdesk.lib.refusals import InvalidRequest, Refusal
from frontdesk.lib.texts import storable

COMPANY_FIELDS = ("legal_name", "address", "country", "phone", "website")
_TEXT_FIELDS = ("name", "email", *COMPANY_FIELDS)


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
    facts = _tidy({"name": name, "email": email} | company)
    _check({"slug": slug} | facts)
    with public_context(), transaction.atomic():
        wait_for_turn(slug)
        existing = Client.objects.filter(schema_name=CLIENT_ID_PREFIX + slug).first()
        if existing is not None:
            return _same(existing, facts), False
        return _open(slug, facts), True


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
    if not _remove(Client.objects.filter(pk=client.pk, status=Client.Status.CLOSING)):
        raise NotPossibleNow("Close the client first.")


def remove_closed() -> list[str]:
    """Removes every client whose grace period is over; returns their IDs."""
    due = Client.objects.filter(status=Client.Status.CLOSING, closing_at__lte=timezone.now())
    with public_context():
        return [client.schema_name for client in due if _remove(due.filter(pk=client.pk))]


def change(client: Client, **facts: Any) -> None:
    """Changes name, e-mail, company data, allowed origins, limits or permissions.

    Raises InvalidRequest; the client ID never changes, the status has verbs of its own.
    """
    if "allowed_origins" in facts:
        origins = [origin_of(origin) for origin in facts["allowed_origins"]]
        facts["allowed_origins"] = list(dict.fromkeys(origins))
    facts = _tidy(facts)
    _check({name: value for name, value in facts.items() if name in _TEXT_FIELDS})
    for name, value in facts.items():
        setattr(client, name, value)
    if facts:
        with public_context():
            client.save(update_fields=list(facts))


def _tidy(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Texts as they are compared: an e-mail in lower case, a country in upper case."""
    tidy = {
        name: value.strip() if isinstance(value, str) else value for name, value in facts.items()
    }
    for name, change in (("email", str.lower), ("country", str.upper)):
        if name in tidy:
            tidy[name] = change(tidy[name])
    return tidy


def _check(facts: Mapping[str, Any]) -> None:
    errors = [error for name, value in facts.items() if (error := _error(name, value))]
    if errors:
        raise InvalidRequest(errors=errors)


def _error(name: str, value: str) -> dict[str, str] | None:
    if name != "slug" and name not in _TEXT_FIELDS:
        return {"field": name, "code": "unknown", "message": "There is no such field."}
    if storable(value) != value:
        message = "This text has signs that can't be stored."
        return {"field": name, "code": "invalid", "message": message}
    try:
        if name == "slug":
            validate_slug(value)
        else:
            Client._meta.get_field(name).clean(value, None)  # noqa: SLF001 (Django's public `_meta`)
    except ValidationError as error:
        return {"field": name, "code": "invalid", "message": " ".join(error.messages)}
    return None


def wait_for_turn(slug: str) -> None:
    """Two that open the same client at once go one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"client {slug}"])


def _same(client: Client, facts: Mapping[str, str]) -> Client:
    if (client.name, client.email) != (facts["name"], facts["email"]):
        raise ClientExists(f"{client.schema_name} belongs to another business.")
    return client


def _open(slug: str, facts: Mapping[str, str]) -> Client:
    client = Client(
        schema_name=CLIENT_ID_PREFIX + slug,
        schema_fingerprint=provisioning.fingerprint(),
        **facts,
    )
    client.save()
    provisioning.build_schema(client)
    with client_context(client):
        client_opened.send(Client, client=client)
    return client


def _remove(found: QuerySet[Client]) -> bool:
    """False when there is none (any more): taken back, or removed by another process."""
    with public_context(), transaction.atomic():
        client = found.select_for_update().first()
        if client is None:
            return False
        with client_context(client):
            client_closed.send(Client, client=client)
        provisioning.drop_schema(client)
        client.delete()
        return True


def _move(
    client: Client, allowed: set[Client.Status], status: Client.Status, **facts: object
) -> None:
    if client.status == status:
        return
    with public_context():
        found = Client.objects.filter(pk=client.pk)
        if not found.filter(status__in=allowed).update(status=status, **facts):
            now = found.values_list("status", flat=True).first()
            raise NotPossibleNow(f"The client is {now or 'gone'}.")
        client.refresh_from_db()
