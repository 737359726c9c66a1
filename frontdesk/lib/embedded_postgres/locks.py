"""Locks between processes: held by an open file, gone when the last process holding it ends."""

import os
import time
from pathlib import Path

from frontdesk.lib.embedded_postgres.errors import EmbeddedPostgresError
from frontdesk.lib.embedded_postgres.identity import give_to_owner_of_folder

try:
    import fcntl
except ImportError:  # Windows: `binaries.locate` says that it isn't supported
    fcntl = None  # type: ignore[assignment]

POLL_SECONDS = 0.02


class FileLock:
    """A lock on one file; ``fileno`` may be passed on to a child, which then holds it too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def fileno(self) -> int:
        if self._descriptor is None:
            raise ValueError(f"{self.path} is not locked")
        return self._descriptor

    def share(self) -> None:
        """Hold it together with others; callers see to it that nobody holds it alone for long."""
        if self._descriptor is None:
            self._descriptor = self._open()
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """Hold it alone if nobody else holds it at all."""
        descriptor = self._descriptor if self._descriptor is not None else self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if self._descriptor is None:
                os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def wait_alone(self, seconds: float, waiting_for: str) -> None:
        """Raises EmbeddedPostgresError after ``seconds``, naming what was waited for."""
        deadline = time.monotonic() + seconds
        while not self.try_alone():
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"Another process has been {waiting_for} for over {seconds:.0f} seconds "
                    f"({self.path} is locked): end it and start again."
                )
            time.sleep(POLL_SECONDS)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_to_owner_of_folder(self.path)
        return descriptor
