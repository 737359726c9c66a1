"""What can go wrong, each told as one sentence to the person who runs the install."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
DISK_FULL_WORDS = ("No space left on device", "Disk quota exceeded")


class EmbeddedPostgresError(Exception):
    """The embedded server can't be used; the text is meant to be shown as it is."""


def disk_full(folder: Path, needed_mb: int | None = None) -> EmbeddedPostgresError:
    needed = f" (a new database needs {needed_mb} MB)" if needed_mb else ""
    return EmbeddedPostgresError(
        f"The disk holding {folder} is full{needed}: free some space and start again."
    )


def not_writable(path: Path, reason: str) -> EmbeddedPostgresError:
    return EmbeddedPostgresError(
        f"{path} can't be written ({reason}): run Frontdesk as the user it belongs to, or choose "
        "another folder with FRONTDESK_DATA."
    )


@contextmanager
def told_in_a_sentence(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses inside into an EmbeddedPostgresError."""
    try:
        yield
    except OSError as error:
        path = Path(str(error.filename)) if error.filename else folder
        reason = error.strerror or str(error)
        if error.errno in DISK_FULL:
            raise disk_full(folder) from error
        if error.errno in NOT_WRITABLE:
            raise not_writable(path, reason) from error
        raise EmbeddedPostgresError(f"{path} can't be used for the database: {reason}.") from error
