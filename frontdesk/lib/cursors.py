"""Opaque cursors of paginated lists: where the last page ended."""

import base64
import binascii

from frontdesk.lib.refusals import InvalidRequest


def write_cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> int:
    """Raises InvalidRequest for what no list gave out."""
    try:
        position = int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        position = -1
    if not 0 <= position < 2**63:
        message = "This cursor was not given out by this list."
        raise InvalidRequest(
            message, errors=[{"field": "cursor", "code": "invalid", "message": message}]
        )
    return position
