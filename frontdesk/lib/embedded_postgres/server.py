"""One embedded server, shared by every process that uses its data folder."""

import atexit
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from frontdesk.lib.embedded_postgres import logs
from frontdesk.lib.embedded_postgres.binaries import locate, locate_for
from frontdesk.lib.embedded_postgres.cluster import (
    DATABASE,
    USER,
    check_cluster,
    create_cluster,
)
from frontdesk.lib.embedded_postgres.errors import (
    EmbeddedPostgresError,
    disk_full,
    told_in_a_sentence,
)
from frontdesk.lib.embedded_postgres.identity import Identity, identity_for
from frontdesk.lib.embedded_postgres.locks import POLL_SECONDS, FileLock
from frontdesk.lib.embedded_postgres.postmaster import (
    Launch,
    find_ready,
    forget_killed_server,
    launch,
    read_pid_file,
    reap_ended,
    signal_server,
)
from frontdesk.lib.embedded_postgres.sockets import (
    PORT,
    answers,
    make_socket_folder,
    socket_folder_for,
)

START_SECONDS = 30
STOP_SECONDS = 30
# A segment of the write-ahead log and a checkpoint's files: with less, a server comes up and
# then ends in the middle of its work.
NEEDED_MB = 24


class EmbeddedPostgres:
    """A PostgreSQL server whose files are ``<data folder>/postgresql``.

    ``settings`` are added to the server's own when this process is the one that starts it.
    Every method raises EmbeddedPostgresError, one sentence, when it can't do its work.
    """

    def __init__(self, data_folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.data_folder = Path(data_folder).absolute()
        self.cluster = self.data_folder / "postgresql"
        self._settings = dict(settings or {})
        # Held while starting or stopping; shared by the users; held by the server's processes.
        self._turn = FileLock(self.data_folder / "postgresql.turn.lock")
        self._use = FileLock(self.data_folder / "postgresql.users.lock")
        self._server = FileLock(self.data_folder / "postgresql.server.lock")
        self._start_log = self.data_folder / "postgresql-start.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._launched_at = 0.0

    @property
    def url(self) -> str:
        """``postgresql://frontdesk@/frontdesk?host=<socket folder>&port=5432``."""
        host = quote(str(self._socket_folder()), safe="")
        return f"postgresql://{USER}@/{DATABASE}?host={host}&port={PORT}"

    @property
    def dsn(self) -> str:
        """The same as keywords: ``host=… port=… user=… dbname=…``."""
        return f"host='{self._socket_folder()}' port={PORT} user={USER} dbname={DATABASE}"

    def start(self) -> None:
        """Join the server of this data folder, starting it if none runs; repeat at will."""
        locate()
        with told_in_a_sentence(self.data_folder):
            self.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._taking_turns():
                self._use.share()
                try:
                    self._run_server()
                except EmbeddedPostgresError:
                    self._use.release()
                    raise
                except BaseException:
                    self._let_go()
                    raise

    def ensure_running(self) -> str:
        """Like ``start``; the server is let go when this process ends. Returns the URL."""
        if not self._use.held:
            atexit.register(self.stop)
        self.start()
        return self.url

    def stop(self) -> None:
        """Let go of the server, and stop it if nobody else uses it."""
        if not self._use.held:
            return
        atexit.unregister(self.stop)
        with told_in_a_sentence(self.data_folder), self._taking_turns():
            self._let_go()

    @property
    def is_running(self) -> bool:
        """Whether the server is there right now; one that was killed is started by ``start``."""
        return find_ready(self.cluster) is not None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @contextmanager
    def _taking_turns(self) -> Iterator[None]:
        self._turn.wait_alone(
            START_SECONDS + STOP_SECONDS, "starting or stopping the embedded database"
        )
        try:
            yield
        finally:
            self._turn.release()

    def _socket_folder(self) -> Path:
        running = find_ready(self.cluster) if self._may_look() else None
        if running:
            return running.socket_folder
        return socket_folder_for(self.cluster, self._identity())

    def _may_look(self) -> bool:
        with suppress(PermissionError):
            return (self.cluster / "PG_VERSION").exists()
        return False

    def _identity(self) -> Identity:
        with told_in_a_sentence(self.cluster):
            return identity_for(self.cluster)

    def _run_server(self) -> None:
        identity = self._identity()
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            # The lock is not free while processes of a killed server are still ending, and
            # while one comes up whose starter was killed.
            if self._server.try_alone():
                self._launch(identity)
                self._await_ready(deadline)
            elif time.monotonic() > deadline:
                raise self._too_slow()
            time.sleep(POLL_SECONDS)

    def _answers(self) -> bool:
        running = find_ready(self.cluster)
        return running is not None and answers(running.socket_folder)

    def _launch(self, identity: Identity) -> None:
        try:
            binaries = locate_for(identity)
            if not self.cluster.exists():
                create_cluster(self.cluster, binaries, identity, self._settings, self._server)
            check_cluster(self.cluster)
            if _is_full(self.data_folder):
                raise disk_full(self.data_folder)
            logs.prune(self.cluster)
            folder = socket_folder_for(self.cluster, identity)
            make_socket_folder(folder, identity)
            forget_killed_server(self.cluster, folder)
            self._launched_at = time.time()
            self._process = launch(
                Launch(binaries, identity, self.cluster, folder, self._start_log),
                self._settings,
                self._server,
            )
        finally:
            self._server.release()

    def _await_ready(self, deadline: float) -> None:
        while not find_ready(self.cluster):
            if self._process and self._process.poll() is not None:
                raise self._did_not_start()
            if time.monotonic() > deadline:
                raise self._too_slow()
            time.sleep(POLL_SECONDS)

    def _did_not_start(self) -> EmbeddedPostgresError:
        lines = logs.last_lines(self._start_log, self.cluster, self._launched_at)
        if logs.tell_of_full_disk(lines) or _is_full(self.data_folder):
            return disk_full(self.data_folder)
        return EmbeddedPostgresError(
            f"The database in {self.cluster} did not start ({logs.reason(lines)}): nothing was "
            f"changed; put the folder back from a backup, or see {self._start_log} and "
            f"{self.cluster / 'log'}."
        )

    def _too_slow(self) -> EmbeddedPostgresError:
        lines = logs.last_lines(self._start_log, self.cluster)
        return EmbeddedPostgresError(
            f"The database in {self.cluster} has not come up within {START_SECONDS} seconds; the "
            f"last line of its log: {logs.reason(lines)}"
        )

    def _let_go(self) -> None:
        last = self._use.try_alone()
        try:
            if last:
                self._stop_server()
        finally:
            self._use.release()

    def _stop_server(self) -> None:
        running = read_pid_file(self.cluster)
        if running is None or self._server.try_alone():
            self._server.release()
            return
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            signal_server(running.pid, how)
            if self._await_end(STOP_SECONDS):
                break
        with suppress(OSError):
            running.socket_folder.rmdir()

    def _await_end(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            reap_ended()
            if self._server.try_alone():
                self._server.release()
                return True
            time.sleep(POLL_SECONDS)
        return False


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < NEEDED_MB * 1_000_000
