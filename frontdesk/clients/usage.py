"""What a client has used this month."""

import calendar
from datetime import UTC, date, datetime, timedelta

from django.db import connection

from frontdesk.clients import limits
from frontdesk.clients.models import Client, Usage

# One statement counts and holds the limit, so that of two messages at the limit one is refused.
_COUNT = """
INSERT INTO public.clients_usage AS used (client_id, month, messages) VALUES (%s, %s, 1)
ON CONFLICT (client_id, month) DO UPDATE SET messages = used.messages + 1
WHERE %s::bigint IS NULL OR used.messages < %s::bigint
RETURNING messages
"""


def count_message(client: Client, now: datetime) -> int:
    """Counts one visitor message; raises LimitReached when the month's share is used up."""
    month = month_of(now)
    limit = client.limit_messages
    with connection.cursor() as cursor:
        counted = None
        if limit != 0:
            cursor.execute(_COUNT, [client.pk, month, limit, limit])
            counted = cursor.fetchone()
    if counted is None:
        raise limits.reached(
            "messages", limit=limit or 0, used=limit or 0, resets_on=next_month(month)
        )
    return int(counted[0])


def messages_this_month(client: Client, now: datetime) -> int:
    used = Usage.objects.filter(client=client, month=month_of(now)).values_list("messages")
    row = used.first()
    return row[0] if row else 0


def month_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)


def next_month(month: date) -> date:
    return month + timedelta(days=calendar.monthrange(month.year, month.month)[1])
