"""What a client has used this month, and the counting of it.

Counting is part of the statement that stores what is counted (`COUNT_MESSAGE`): so it can't be
counted without being stored, or stored past the limit.
"""

import calendar
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Sum

from frontdesk.clients import limits
from frontdesk.clients.models import Client, Usage

# A client without a limit counts in any of these; one with a limit counts in slot 0 alone, whose
# row lock makes messages at the limit go one after the other.
_SLOTS = 16

# One row when the message was counted, none when the limit is reached. `{gate}` is a FROM item:
# nothing is counted unless it has a row.
COUNT_MESSAGE = """
INSERT INTO public.clients_usage AS used (client_id, month, slot, messages)
SELECT %(client)s, %(month)s, %(slot)s, 1 FROM {gate}
WHERE %(limit)s::bigint IS NULL OR %(limit)s::bigint > (
  SELECT coalesce(sum(u.messages), 0) FROM public.clients_usage u
  WHERE u.client_id = %(client)s AND u.month = %(month)s AND u.slot <> %(slot)s)
ON CONFLICT (client_id, month, slot) DO UPDATE SET messages = used.messages + 1
WHERE %(limit)s::bigint IS NULL OR %(limit)s::bigint > used.messages + (
  SELECT coalesce(sum(u.messages), 0) FROM public.clients_usage u
  WHERE u.client_id = %(client)s AND u.month = %(month)s AND u.slot <> %(slot)s)
RETURNING messages AS total
"""


def counting(client: Client, now: datetime) -> Mapping[str, Any]:
    """The arguments of COUNT_MESSAGE."""
    limit = client.limit_messages
    slot = random.randrange(_SLOTS) if limit is None else 0  # noqa: S311 (spreads load only)
    return {"client": client.pk, "month": month_of(now), "slot": slot, "limit": limit}


def refused(client: Client, now: datetime) -> limits.LimitReached:
    """What to raise when COUNT_MESSAGE gave no row."""
    return limits.reached(
        "messages",
        limit=client.limit_messages or 0,
        used=messages_this_month(client, now),
        resets_on=next_month(month_of(now)),
    )


def messages_this_month(client: Client, now: datetime) -> int:
    used = Usage.objects.filter(client=client, month=month_of(now))
    return used.aggregate(total=Sum("messages"))["total"] or 0


def month_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)


def next_month(month: date) -> date:
    return month + timedelta(days=calendar.monthrange(month.year, month.month)[1])
