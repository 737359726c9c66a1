"""`/widget.js`, the one address that clients paste: short-lived, so that it can change."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import brotli
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

_BUILT = Path(__file__).parent / "static" / "widget" / "loader.js"
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
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@cache
def _script() -> _Script:
    text = _BUILT.read_bytes()
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
