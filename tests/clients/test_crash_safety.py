"""Killed at any moment, creating a client leaves nothing or all of it, and a retry finishes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from frontdesk.bot.compiled import live_bot
from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from tests.conftest import OpenClient

_PROGRAM = Path(__file__).with_name("creating.py")
_ROOT = Path(__file__).parents[2]


class Forker:
    """Drives `creating.py`: one warm process, of which each creation is a fork."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=_ROOT,
            env=os.environ
            | {
                "DATABASE_URL": database_url(),
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "PYTHONPATH": str(_ROOT),
            },
        )

    def create(self, slug: str, *, after_statements: int = 0, after_seconds: float = 0) -> int:
        """The signal that ended the process, 0 when it finished first."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{slug} {after_statements}\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        timer = threading.Timer(after_seconds, os.kill, (child, signal.SIGKILL))
        if after_seconds:
            timer.start()
        ended = int(self.process.stdout.readline())
        timer.cancel()
        return ended

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=30)


def database_url() -> str:
    facts = connection.settings_dict
    login = quote(facts["USER"], safe="") + (
        f":{quote(facts['PASSWORD'], safe='')}" if facts["PASSWORD"] else ""
    )
    host, port = quote(facts["HOST"], safe=""), facts["PORT"]
    return f"postgresql://{login}@/{facts['NAME']}?host={host}" + (f"&port={port}" if port else "")


@pytest.fixture
def forker(open_client: OpenClient) -> Iterator[Forker]:
    forker = Forker()
    yield forker
    forker.close()


def state_of(slug: str) -> str:
    """What is there: "nothing", "all", or what is half-made."""
    client = Client.objects.filter(schema_name=f"tenant_{slug}").first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [f"tenant_{slug}"])
        has_schema = bool(cursor.fetchone()[0])
    if client is None:
        return "half: a schema without a row" if has_schema else "nothing"
    if not has_schema:
        return "half: a row without a schema"
    with client_context(client):
        number, bot = live_bot()
    return "all" if number == 1 and bot.texts["title"] == "Killed" else "half: no first publication"


def finish(slug: str) -> str:
    """Creates it again, as somebody whose first try was killed would."""
    client, _ = lifecycle.create(slug, name="Killed", email="owner@killed.example")
    assert client.schema_name == f"tenant_{slug}"
    return state_of(slug)


def test_killed_after_each_statement(forker: Forker) -> None:
    outcomes: list[tuple[int, str]] = []
    while not outcomes or outcomes[-1][0] == signal.SIGKILL:
        ended = forker.create("cut", after_statements=len(outcomes) + 1)
        outcomes.append((ended, state_of("cut")))
        assert len(outcomes) < 500
    # Every statement is inside the one transaction; past the last nothing is left to cut.
    assert len(outcomes) >= 30
    assert set(outcomes[:-1]) == {(signal.SIGKILL, "nothing")}
    assert outcomes[-1] == (0, "all")
    assert finish("cut") == "all"


def test_killed_at_moments_spread_over_the_run(forker: Forker) -> None:
    before = time.perf_counter()
    assert forker.create("timed") == 0
    whole = time.perf_counter() - before
    outcomes, retried = [], []
    for number in range(40):
        slug = f"cut_{number}"
        forker.create(slug, after_seconds=0.001 + 1.2 * whole * number / 40)
        outcomes.append(state_of(slug))
        if number % 8 == 0:
            retried.append(finish(slug))
    assert set(outcomes) <= {"nothing", "all"}
    # Moments so early and so late that both are seen.
    assert outcomes[0] == "nothing"
    assert retried == ["all"] * 5
    assert finish("timed") == "all"
