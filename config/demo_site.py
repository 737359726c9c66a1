"""The demo clients' own websites, on a port and so an origin of their own, carrying the snippet."""

import mimetypes
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from config.serving import address_parser, serve

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

DEMO = Path(__file__).resolve().parent.parent / "frontdesk" / "bot" / "demo"
# By the first part of the path; "" is the page that leads to the others.
SITES = {
    "": DEMO / "site",
    "greenleaf": DEMO / "greenleaf" / "site",
    "brightsmile": DEMO / "brightsmile" / "site",
}
# What mimetypes takes from the machine differs between machines.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
}
PLACEHOLDER = b"{{ frontdesk_url }}"
NOT_FOUND = (
    b"<!doctype html><html lang=en><meta charset=utf-8><title>Not found</title>"
    b"<h1>There is no such page</h1><p><a href=/>Go to the demo's first page</a>"
)


def frontdesk_url() -> str:
    return os.environ.get(
        "FRONTDESK_URL", f"http://localhost:{os.environ.get('PORT', '8000')}"
    ).rstrip("/")


def content_security_policy(url: str) -> str:
    """Lets the widget's origin in and nothing else."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return (
        f"default-src 'none'; style-src 'self'; img-src 'self'; script-src {origin}; "
        f"connect-src {origin}; base-uri 'none'; form-action 'none'"
    )


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    method = environ["REQUEST_METHOD"]
    if method not in {"GET", "HEAD"}:
        start_response("405 Method Not Allowed", [("Allow", "GET, HEAD"), ("Content-Length", "0")])
        return []
    path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
    if path.strip("/") in SITES and not path.endswith("/"):
        # Relative addresses in the page need the slash.
        address = f"/{path.strip('/')}/"
        start_response("308 Permanent Redirect", [("Location", address), ("Content-Length", "0")])
        return []
    status, kind, body = _read(path)
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Content-Security-Policy", content_security_policy(frontdesk_url())),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-cache"),
    ]
    start_response(status, headers)
    return [] if method == "HEAD" else [body]


def find_file(path: str) -> Path | None:
    """The file a path names; None for one that is not there, and for every way out of a site."""
    first, _, rest = path.lstrip("/").partition("/")
    site, inner = (SITES[first], rest) if first in SITES and first else (SITES[""], path)
    inner = inner.lstrip("/")
    parts = inner.split("/")
    if "\0" in inner or "\\" in inner or any(part.startswith(".") for part in parts):
        return None
    if not parts[-1]:
        inner += "index.html"
    found = (site / inner).resolve()
    return found if found.is_file() and found.is_relative_to(site.resolve()) else None


def _read(path: str) -> tuple[str, str, bytes]:
    """Status, content type and body."""
    found = find_file(path)
    if found is None:
        return "404 Not Found", TYPES[".html"], NOT_FOUND
    kind = TYPES.get(found.suffix) or mimetypes.guess_type(found.name)[0]
    body = found.read_bytes()
    if found.suffix == ".html":
        body = body.replace(PLACEHOLDER, frontdesk_url().encode())
    return "200 OK", kind or "application/octet-stream", body


def main() -> None:
    given = address_parser("config.demo_site", __doc__).parse_args()
    serve("config.demo_site:application", given.host, given.port, processes=1, threads=2)


if __name__ == "__main__":
    main()
