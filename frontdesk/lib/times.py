"""The JSON form of times."""

from datetime import UTC, datetime


def moment(at: datetime) -> str:
    """UTC, to the millisecond: 2026-03-01T09:30:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
