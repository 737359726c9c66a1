"""Whether a port is free, and who has it otherwise."""

import errno
import socket
from contextlib import suppress
from pathlib import Path

LISTENING = "0A"
FIRST_OPEN_TO_ALL = 1024
LAST = 65535


class PortUnusableError(Exception):
    """One sentence that names the port and the variable that changes it."""


def check_port(host: str, port: int, variable: str) -> None:
    """Raises PortUnusableError when a server could not listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError as error:
            raise PortUnusableError(_explain(error, host, port, variable)) from None


def _explain(error: OSError, host: str, port: int, variable: str) -> str:
    other = f"choose another with {variable}, for example {variable}={_suggest(port)}"
    if error.errno == errno.EADDRINUSE:
        holder = find_listener(port)
        return f"Port {port} is in use{f' by {holder}' if holder else ''}: {other}."
    if error.errno == errno.EACCES:
        return f"Port {port} is open to root only: {other}."
    return f"Nothing can listen at {host}, port {port} ({error.strerror}): {other}."


def _suggest(port: int) -> int:
    return port + 10 if FIRST_OPEN_TO_ALL <= port < LAST - 10 else 8000


def find_listener(port: int) -> str | None:
    """The process that listens, as ``name (process 123)``; None where it can't be told."""
    wanted = {f"socket:[{inode}]" for inode in _listening_sockets(port)}
    for process in Path("/proc").glob("[0-9]*") if wanted else ():
        with suppress(OSError):
            if any(str(link.readlink()) in wanted for link in (process / "fd").iterdir()):
                name = (process / "comm").read_text().strip()
                return f"{name} (process {process.name})"
    return None


def _listening_sockets(port: int) -> set[str]:
    """Inodes, from the tables whose columns proc(5) describes."""
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                columns = line.split()
                local_port = int(columns[1].rpartition(":")[2], 16)
                if columns[3] == LISTENING and local_port == port:
                    inodes.add(columns[9])
    return inodes
