"""The database on disk: made once, complete or not at all, and never deleted from here."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from frontdesk.lib.embedded_postgres.binaries import MAJOR, Binaries
from frontdesk.lib.embedded_postgres.errors import (
    DISK_FULL_WORDS,
    EmbeddedPostgresError,
    disk_full,
)
from frontdesk.lib.embedded_postgres.identity import Identity
from frontdesk.lib.embedded_postgres.locks import FileLock
from frontdesk.lib.embedded_postgres.postmaster import server_environment

DATABASE = "frontdesk"
USER = "frontdesk"
# A new database takes 56 MB; the rest is for the write-ahead log of the first minutes.
NEEDED_MB = 150
# What every working data folder holds; a restored copy often lacks the empty folders.
EXPECTED = ("PG_VERSION", "base", "global/pg_control", "pg_wal", "pg_xact", "postgresql.conf")


def check_cluster(cluster: Path) -> None:
    """Raises EmbeddedPostgresError, saying what is wrong and what to do, for a broken folder."""
    missing = [name for name in EXPECTED if not (cluster / name).exists()]
    if missing:
        raise EmbeddedPostgresError(
            f"{cluster} is damaged ({missing[0]} is missing): put it back from a backup, or move "
            "it away to start with an empty database."
        )
    found = (cluster / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise EmbeddedPostgresError(
            f"{cluster} was made by PostgreSQL {found or '(unknown)'} and this is PostgreSQL "
            f"{MAJOR}: start it with the release of Frontdesk that made it and export its "
            "clients, or choose another folder with FRONTDESK_DATA."
        )


def create_cluster(
    cluster: Path,
    binaries: Binaries,
    identity: Identity,
    settings: Mapping[str, str],
    lock: FileLock,
) -> None:
    """Make a new database beside its final place, then move it there in one step.

    The programs at work inherit ``lock``, so that after a kill nobody clears up under them.
    """
    if shutil.disk_usage(cluster.parent).free < NEEDED_MB * 1_000_000:
        raise disk_full(cluster.parent, NEEDED_MB)
    unfinished = cluster.with_name(f"{cluster.name}.unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    try:
        identity.own(unfinished)
        durable = settings.get("fsync", "on") != "off"
        _run(_initdb(binaries, identity, unfinished, durable), identity, unfinished, lock)
        _run(_single(binaries, identity, unfinished), identity, unfinished, lock, _CREATE_DATABASE)
        unfinished.rename(cluster)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _sync(cluster.parent)


_CREATE_DATABASE = f'CREATE DATABASE "{DATABASE}" OWNER "{USER}"\n'


def _initdb(binaries: Binaries, identity: Identity, folder: Path, durable: bool) -> list[str]:
    # Whoever can enter the private socket folder is let in, hence `trust`.
    return [
        str(binaries.initdb),
        f"--pgdata={identity.path_from_inside(folder)}",
        f"--username={USER}",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--text-search-config=simple",
        *([] if durable else ["--no-sync"]),
    ]


def _single(binaries: Binaries, identity: Identity, folder: Path) -> list[str]:
    data = identity.path_from_inside(folder)
    return [str(binaries.postgres), "--single", "-D", data, "-c", "exit_on_error=on", "postgres"]


def _run(
    command: list[str], identity: Identity, folder: Path, lock: FileLock, text: str = ""
) -> None:
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env=server_environment(),
        start_new_session=True,
        pass_fds=[lock.fileno()],
        **identity.process_options(folder),
    )
    if done.returncode == 0:
        return
    if any(words in done.stderr for words in DISK_FULL_WORDS):
        raise disk_full(folder.parent)
    lines = [line for line in done.stderr.splitlines() if "error:" in line or "FATAL" in line]
    reason = (lines or done.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise EmbeddedPostgresError(f"A new database can't be made in {folder.parent}: {reason}")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
