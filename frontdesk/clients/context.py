"""Acting for a client: the one way into a client's schema."""

from collections.abc import Iterator
from contextlib import contextmanager

from frontdesk.clients.database.base import PUBLIC, Place, current_place
from frontdesk.clients.models import Client


class NoClient(LookupError):
    """Code that needs a client ran without one."""


@contextmanager
def client_context(client: Client) -> Iterator[Client]:
    """Queries inside go to the client's schema, then to where they went before."""
    token = current_place.set(Place(client, client.schema_name))
    try:
        yield client
    finally:
        current_place.reset(token)


@contextmanager
def public_context() -> Iterator[None]:
    """Queries inside see the public schema alone, whoever is being served."""
    token = current_place.set(Place(None, PUBLIC))
    try:
        yield
    finally:
        current_place.reset(token)


def current_client() -> Client:
    """The client being served; raises NoClient outside of `client_context`."""
    client = current_place.get().tenant
    if not isinstance(client, Client):
        raise NoClient("This ran without `client_context(client)`.")
    return client
