"""Business hours: {"time_zone", "week": {"mon": [["09:00", "18:00"]], …}, "exceptions": […]}.

An exception is {"on": "2026-12-25", "hours": [[…], …]} and replaces that day; no hours = closed.
"24:00" ends a day. Without hours a business counts as always open.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_open(hours: Mapping[str, Any], now: datetime) -> bool:
    """`now` is aware; the answer is the wall clock's in the business's time zone."""
    if not hours.get("week"):
        return True
    local = now.astimezone(ZoneInfo(hours["time_zone"]))
    clock = local.strftime("%H:%M")
    return any(start <= clock < end for start, end in _spans(hours, local))


def _spans(hours: Mapping[str, Any], local: datetime) -> list[list[str]]:
    today = local.date().isoformat()
    for exception in hours.get("exceptions", ()):
        if exception["on"] == today:
            return list(exception["hours"])
    return list(hours["week"].get(_DAYS[local.weekday()], ()))
