"""`/widget.js`, the one address that clients paste: short-lived, so that it can change."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import brotli
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified

_BUILT = Path(__file__).parent / "static" / "widget"
_HASHED = re.compile(r"([a-z-]+)-[0-9a-f]{12}\.js")
_CACHE = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"


@dataclass(frozen=True, slots=True)
class _Script:
    etag: str
    bodies: dict[str, bytes]


def loader(request: HttpRequest) -> HttpResponse:
    try:
        script = _script()
    except FileNotFoundError:
        text = "The widget is not built. Run `python hatch_build.py` and start again."
        return HttpResponse(text, status=503, content_type="text/plain")
    encoding = _encoding(request.headers.get("Accept-Encoding", ""))
    if request.headers.get("If-None-Match") == script.etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(
            script.bodies[encoding], content_type="text/javascript; charset=utf-8"
        )
        if encoding:
            response["Content-Encoding"] = encoding
    response["ETag"] = script.etag
    response["Cache-Control"] = _CACHE
    response["Vary"] = "Accept-Encoding"
    return _for_any_page(response)


def successor(request: HttpRequest, name: str) -> HttpResponse:
    """The present file in place of one that an upgrade replaced.

    A browser may hold a loader from before the upgrade, and asks for the core of that time.
    """
    asked = _HASHED.fullmatch(name)
    if asked is None or asked[1] not in _present():
        raise Http404
    found = _present()[asked[1]]
    response = HttpResponse(found.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return _for_any_page(response)


def _for_any_page(response: HttpResponse) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@cache
def _present() -> dict[str, Path]:
    """The built files with a hash in their names, by what stands before it."""
    hashed = ((_HASHED.fullmatch(path.name), path) for path in _BUILT.glob("*.js"))
    return {match[1]: path for match, path in hashed if match}


@cache
def _script() -> _Script:
    text = (_BUILT / "loader.js").read_bytes()
    bodies = {
        "br": brotli.compress(text, quality=11),
        "gzip": gzip.compress(text, 9, mtime=0),
        "": text,
    }
    # Weak, because the encodings share it.
    return _Script(f'W/"{hashlib.sha256(text).hexdigest()[:20]}"', bodies)


def _encoding(accepted: str) -> str:
    offered = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    return next((encoding for encoding in ("br", "gzip") if encoding in offered), "")
