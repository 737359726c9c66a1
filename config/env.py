"""Typed, loud readers of the environment.

Each value is read from NAME, or from the file that NAME_FILE points at (a secret mounted as one).
A value that can't be read as its type stops the start with one sentence naming the variable.
"""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str | None = None) -> str:
    """The value as it stands; raises ImproperlyConfigured when absent without a default."""
    value = _raw(name)
    if value is None:
        value = default
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. Set it, or {name}_FILE to a file with it.")
    return value


def integer(name: str, default: int, *, low: int = 0, high: int = 2**31 - 1) -> int:
    raw = _raw(name)
    if raw is None:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.") from None
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} must be from {low} to {high}, not {value}.")
    return value


def boolean(name: str, *, default: bool) -> bool:
    raw = _raw(name)
    if raw is None:
        return default
    if raw.lower() in _TRUE:
        return True
    if raw.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not {raw!r}.")


def words(name: str, default: str = "") -> list[str]:
    """Comma-separated values, trimmed, empty ones dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def folder(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).expanduser().resolve()


def database(url: str) -> dict[str, object]:
    """Django's connection parameters of a `postgresql://` URL.

    A `host` in the query (a socket folder) wins over the one in the authority, as in libpq.
    Other query parameters are handed to libpq (`sslmode`, `connect_timeout`, …).
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must start with postgresql://.")
    if not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL names no database: postgresql://host/DATABASE.")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = query.pop("host", None) or unquote(parts.hostname or "")
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": query.pop("user", None) or unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": query.pop("port", None) or str(parts.port or ""),
        # For cursors that bind on the server (`cursor_anywhere`): a statement is prepared at its
        # third use on a connection.
        "OPTIONS": {"prepare_threshold": 2} | query,
    }


def _raw(name: str) -> str | None:
    value = os.environ.get(name)
    if value is not None:
        return value.strip()
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE can't be read: {error}.") from None
