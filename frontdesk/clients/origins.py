"""Web origins: scheme, host and port, as browsers send them."""

import re
from urllib.parse import urlsplit

from frontdesk.lib.refusals import InvalidRequest

_HOST = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+|\[[0-9a-f:.]+\]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(address: str) -> str:
    """`https://acme.example` of an address typed by a person; raises InvalidRequest."""
    address = address.strip()
    parts = urlsplit(address if "://" in address else f"https://{address}")
    try:
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (UnicodeError, ValueError):
        host, port = "", None
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        message = f"{address or 'An empty line'} is not the address of a website."
        raise InvalidRequest(
            message, errors=[{"field": "allowed_origins", "code": "invalid", "message": message}]
        )
    shown = f":{port}" if port and port != _DEFAULT_PORTS[parts.scheme] else ""
    return f"{parts.scheme}://{host}{shown}"
