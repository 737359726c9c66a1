"""The install's secret: given, or made once and kept in the data folder."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config import env

_LENGTH_LEAST = 32


def secret_key(data_folder: Path, *, required: bool) -> str:
    """FRONTDESK_SECRET_KEY, else the one kept in the data folder, made at the first start.

    `required` (an install behind HTTPS) wants it given: several web nodes must share it.
    """
    given = env.text("FRONTDESK_SECRET_KEY", "")
    if given and len(given) < _LENGTH_LEAST:
        raise ImproperlyConfigured(
            f"FRONTDESK_SECRET_KEY must have at least {_LENGTH_LEAST} characters."
        )
    if given:
        return given
    if required:
        raise ImproperlyConfigured(
            "FRONTDESK_SECRET_KEY is not set. Set it to 50 random characters, the same on every "
            "node, or FRONTDESK_SECRET_KEY_FILE to a file with them."
        )
    return _kept(data_folder / "secret-key")


def _kept(path: Path) -> str:
    try:
        return _read(path) or _make(path)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {path.parent} can't be used: {error.strerror}. "
            "Set FRONTDESK_DATA to a folder you can write to."
        ) from None


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def _make(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        # A link fails where a process that started at the same moment was first: its key holds.
        path.hardlink_to(mine)
    except FileExistsError:
        pass
    finally:
        mine.unlink()
    return _read(path)
