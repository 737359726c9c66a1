"""Pages of clients, oldest first."""

from frontdesk.clients.context import public_context
from frontdesk.clients.models import Client
from frontdesk.lib.cursors import read_cursor, write_cursor


def list_clients(
    *, cursor: str = "", limit: int = 50, status: str | None = None, search: str = ""
) -> tuple[list[Client], str | None]:
    """One page and the cursor of the next, None on the last. Raises InvalidRequest."""
    with public_context():
        found = Client.objects.order_by("pk").prefetch_related("domains")
        if status:
            found = found.filter(status=status)
        if search:
            found = found.filter(name__icontains=search) | found.filter(
                schema_name__contains=search.lower()
            )
        if cursor:
            found = found.filter(pk__gt=read_cursor(cursor))
        page = list(found[: limit + 1])
    more = len(page) > limit
    return page[:limit], write_cursor(page[limit - 1].pk) if more else None
