"""The server process: starting it, finding one that runs, and ending it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from frontdesk.lib.embedded_postgres.binaries import Binaries
from frontdesk.lib.embedded_postgres.identity import Identity, give_to_owner_of_folder
from frontdesk.lib.embedded_postgres.locks import FileLock
from frontdesk.lib.embedded_postgres.sockets import PORT, SOCKET_NAME

# For a small machine: measured at rest, all of the server's processes hold about 40 MB.
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "96MB",
    "max_connections": "80",
    "maintenance_work_mem": "48MB",
    "max_wal_size": "256MB",
    "min_wal_size": "48MB",
    "autovacuum_max_workers": "2",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "0",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "io_method": "sync",
    "jit": "off",
    # A client is a schema: one transaction may touch the tables of many.
    "max_locks_per_transaction": "1024",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "cluster_name": "frontdesk",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%Y%m%d-%H%M%S.log",
    "log_file_mode": "0600",
    "log_rotation_age": "1d",
    "log_rotation_size": "10MB",
    "log_line_prefix": "%m [%p] ",
    "lc_messages": "C",
}

# A server may outlive the object that started it, and end by another process's hand.
_launched: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class PidFile:
    """What a running server says of itself in ``postmaster.pid``."""

    pid: int
    socket_folder: Path
    status: str


def read_pid_file(cluster: Path) -> PidFile | None:
    """None while there is none or it is not fully written."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return PidFile(int(lines[0]), Path(lines[4]), lines[7].strip())
    except (FileNotFoundError, ValueError, IndexError):
        return None


def find_ready(cluster: Path) -> PidFile | None:
    """The server that is up and takes connections on this database, if one does."""
    found = read_pid_file(cluster)
    if found and found.status == "ready" and _serves(found.pid, cluster):
        return found
    return None


def forget_killed_server(cluster: Path, socket_folder: Path) -> None:
    """Remove what a killed server left behind where its number is taken: a process has it by now.

    PostgreSQL recovers from such files alone, but takes any process of that number, even one
    that ended and was never waited for, for a server. In a container both are the rule.
    """
    for path in (cluster / "postmaster.pid", socket_folder / f"{SOCKET_NAME}.lock"):
        with suppress(FileNotFoundError, ValueError):
            pid = int(path.read_text().partition("\n")[0])
            if _lives(pid) and not _serves(pid, cluster):
                path.unlink()


def server_environment() -> dict[str, str]:
    """This process's, without what would steer PostgreSQL or translate what it says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Launch:
    """What runs, as whom, and where its files, its socket and its first words go."""

    binaries: Binaries
    identity: Identity
    cluster: Path
    socket_folder: Path
    log: Path


def launch(what: Launch, settings: Mapping[str, str], lock: FileLock) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that Ctrl-C reaches us and not it.

    The server and all its processes inherit ``lock``: it is free only once all have ended.
    """
    reap_ended()
    data = what.identity.path_from_inside(what.cluster)
    with what.log.open("wb") as output:
        give_to_owner_of_folder(what.log)
        process = subprocess.Popen(
            [str(what.binaries.postgres), "-D", data, *_options(settings, what.socket_folder)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=server_environment(),
            start_new_session=True,
            pass_fds=[lock.fileno()],
            **what.identity.process_options(what.cluster),
        )
    _launched.append(process)
    return process


def reap_ended() -> None:
    """Ask after the servers this process started, so that none that ended stays a zombie."""
    _launched[:] = [process for process in _launched if process.poll() is None]


def _options(settings: Mapping[str, str], socket_folder: Path) -> list[str]:
    chosen = {
        **SETTINGS,
        **settings,
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(socket_folder),
        "unix_socket_permissions": "0700",
    }
    return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]


def signal_server(pid: int, signal: int) -> None:
    try:
        os.kill(pid, signal)
    except ProcessLookupError:
        return


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(pid: int, cluster: Path) -> bool:
    """Whether that process is a server standing in that folder, not one that got its number."""
    if sys.platform != "linux":
        command = ["/bin/ps", "-o", "comm=", "-p", str(pid)]
        listed = subprocess.run(command, capture_output=True, text=True, check=False)
        return "postgres" in listed.stdout
    try:
        return Path(f"/proc/{pid}/cwd").samefile(cluster) and (
            Path(f"/proc/{pid}/comm").read_text().strip() == "postgres"
        )
    except OSError:
        return False
