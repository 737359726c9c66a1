"""The private folder in which the server listens; it never listens on the network."""

import hashlib
import socket
import stat
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

from frontdesk.lib.embedded_postgres.errors import EmbeddedPostgresError
from frontdesk.lib.embedded_postgres.identity import Identity

PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 103
ANSWER_SECONDS = 5
# The shortest question of PostgreSQL's protocol: length and the code of "do you speak TLS?".
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
# Shared by all users, hence the checks of `make_socket_folder`.
PUBLIC_FOLDERS = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108


def socket_folder_for(cluster: Path, identity: Identity) -> Path:
    """Always the same short path for one database and one user; nothing is created."""
    key = f"{identity.uid}:{cluster.resolve()}".encode()
    name = f"frontdesk-{hashlib.sha256(key).hexdigest()[:12]}"
    for parent in (Path(tempfile.gettempdir()).resolve(), *PUBLIC_FOLDERS):
        folder = parent / name
        fits = len(bytes(folder / SOCKET_NAME)) <= LONGEST_SOCKET_PATH
        if fits and parent.is_dir() and _lets_in(parent, identity):
            return folder
    raise EmbeddedPostgresError(
        "No folder for temporary files has a path short enough and open to the database's user: "
        "set TMPDIR to one such as /tmp."
    )


def make_socket_folder(folder: Path, identity: Identity) -> None:
    """Create it for the server's user alone; refuse one that others own or may enter."""
    try:
        folder.mkdir(mode=0o700)
        identity.own(folder)
    except FileExistsError:
        pass
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    if found.st_uid != identity.uid or not private:
        raise EmbeddedPostgresError(
            f"{folder} was made by someone else and is not private: remove it, or set TMPDIR to "
            "another folder."
        )


def answers(folder: Path) -> bool:
    """Whether a server really takes connections there; one being killed looks alive for a while."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, suppress(OSError):
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(str(folder / SOCKET_NAME))
        connection.sendall(SSL_REQUEST)
        return connection.recv(1) in {b"N", b"S"}
    return False


def _lets_in(folder: Path, identity: Identity) -> bool:
    """Whether a user this process changes to can walk to the folder."""
    if not identity.drops_privileges:
        return True
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))
