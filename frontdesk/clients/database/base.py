"""The database backend: django-tenants' own, with the current schema held by the context.

django-tenants keeps the schema on the thread's connection object. Code that runs elsewhere on
the client's behalf (another thread, a coroutine) then finds `public` there, or another client.
A context variable follows the call instead. And a `SET search_path` goes to the server only when
the server's value differs, so consecutive requests of one client cost none.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, NamedTuple

import psycopg
from django_tenants.postgresql_backend import base

from frontdesk.clients.database.introspection import SchemaIntrospection

PUBLIC = "public"


class Place(NamedTuple):
    """Where queries of this context go."""

    tenant: Any
    schema_name: str
    include_public: bool = True


_PUBLIC_PLACE = Place(base.FakeTenant(PUBLIC), PUBLIC)
current_place: ContextVar[Place] = ContextVar("frontdesk_place", default=_PUBLIC_PLACE)


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The parent sets itself to public when made; a connection opened in the middle of a
        # client's request must not take the request out of that client.
        token = current_place.set(current_place.get())
        try:
            super().__init__(*args, **kwargs)
        finally:
            current_place.reset(token)
        self.introspection = SchemaIntrospection(self)

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        current_place.set(Place(tenant, tenant.schema_name, include_public))

    @property
    def tenant(self) -> Any:
        return current_place.get().tenant

    @tenant.setter
    def tenant(self, value: Any) -> None:
        """The parent assigns None while it is made; the context holds the truth."""

    @property
    def schema_name(self) -> str:
        return current_place.get().schema_name

    @schema_name.setter
    def schema_name(self, value: str | None) -> None:
        """As for `tenant`."""

    @property
    def include_public_schema(self) -> bool:
        return current_place.get().include_public

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._get_cursor_search_paths() != self._server_search_path():
            super()._handle_search_path(cursor)

    def _server_search_path(self) -> list[str] | None:
        # From version 18 on PostgreSQL reports the setting, through rollbacks and RESET too;
        # before it, what this connection set last holds (the parent forgets it on rollback).
        reported = self.connection.info.parameter_status("search_path")
        if reported is None:
            tracked: list[str] | None = self.search_path_set_schemas
            return tracked
        return [name.strip('"') for name in reported.split(", ")]

    def get_new_connection(self, conn_params: Any) -> Any:
        made = super().get_new_connection(conn_params)
        # Three to a client that this connection serves; a plan takes some 50 KB of the server.
        made.prepared_max = 200
        return made

    def cursor_anywhere(self) -> Any:
        """A cursor for statements whose tables are all qualified by schema: sets no search path.

        Arguments go apart from the statement, which is prepared once it is used often enough.

        It skips the health check that costs a round trip: whoever is first to ask in a request
        tells the outcome by `mark_healthy`, or closes the connection and asks again.
        """
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(psycopg.Cursor(self.connection))

    def mark_healthy(self) -> None:
        """Spares this request the health check, after a statement went through."""
        self.health_check_done = True
