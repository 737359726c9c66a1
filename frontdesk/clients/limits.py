"""The limits of a client, checked where something is about to be made or counted."""

from datetime import date

from frontdesk.clients.models import Client
from frontdesk.lib.refusals import Refusal


class LimitReached(Refusal):
    code = "limit_reached"
    status = 402
    title = "The plan's limit is reached"


def check(client: Client, thing: str, *, used: int, adding: int = 1) -> None:
    """Raises LimitReached when `used + adding` passes the client's `limit_<thing>`."""
    limit = getattr(client, f"limit_{thing}")
    if limit is not None and used + adding > limit:
        raise reached(thing, limit=limit, used=used)


def reached(thing: str, *, limit: int, used: int, resets_on: date | None = None) -> LimitReached:
    detail = f"{limit} {thing.replace('_', ' ')} are included, and {used} are in use."
    facts: dict[str, object] = {"limit_name": thing, "limit": limit, "used": used}
    if resets_on:
        detail = f"{limit} {thing} a month are included. Counting starts anew on {resets_on}."
        facts["resets_on"] = resets_on.isoformat()
    return LimitReached(detail, **facts)
