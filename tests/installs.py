"""A whole install for tests: `frontdesk up` in a folder of its own, on free ports."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from frontdesk.lib.embedded_postgres import EmbeddedPostgres

_START_SECONDS = 90
_STOP_SECONDS = 30
_ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Install:
    """What `frontdesk up` printed, and the database behind it."""

    process: subprocess.Popen[bytes]
    folder: Path
    base_url: str
    demo_url: str
    sign_in_link: str
    database_url: str

    def sql(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(query, arguments)
            return cursor.fetchall() if cursor.description else []

    def run(self, *arguments: str) -> str:
        """`frontdesk …` on this install; what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=_ROOT,
            env=os.environ
            | {"DATABASE_URL": self.database_url, "FRONTDESK_DATA": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def running_install(folder: Path, environment: Mapping[str, str] = {}) -> Iterator[Install]:
    """Starts an install and stops it cleanly afterwards."""
    port = _free_ports()
    log = folder / "up.log"
    folder.mkdir(parents=True, exist_ok=True)
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE")}
    settings = {
        "FRONTDESK_DATA": str(folder),
        "PORT": str(port),
        "DEMO_PORT": str(port + 1),
        "FRONTDESK_RATE_CONVERSATION": "1000000",
        "FRONTDESK_RATE_ADDRESS": "1000000",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=_ROOT,
            env=cleared | settings | dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _started(process, folder, port, log, environment.get("DATABASE_URL", ""))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_STOP_SECONDS)


def _started(
    process: subprocess.Popen[bytes], folder: Path, port: int, log: Path, database_url: str
) -> Install:
    deadline = time.monotonic() + _START_SECONDS
    while "Ctrl-C stops it." not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    base_url = f"http://localhost:{port}"
    with urllib.request.urlopen(f"{base_url}/readyz", timeout=10) as response:
        assert response.status == 200
    link = re.search(rf"{base_url}/sign-in/\S+", log.read_text())
    assert link, log.read_text()
    return Install(
        process,
        folder,
        base_url,
        f"http://localhost:{port + 1}",
        link.group(),
        database_url or EmbeddedPostgres(folder).url,
    )


def _free_ports() -> int:
    """A port that is free, and the next one too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
