"""Granian with two processes, as an install runs it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


@contextmanager
def serving(application: str, environment: dict[str, str] | None = None) -> Iterator[Server]:
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    command += ["--workers", "2", "--blocking-threads", "8", "--no-access-log", application]
    process = subprocess.Popen(
        command,
        env=os.environ | (environment or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                # Listening comes before the workers have loaded the application.
                return time.sleep(4)
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
