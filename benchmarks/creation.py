"""What opening a client costs when there are 200 already: wall, CPU of Python and the database."""

import statistics
import time

from django.db import connection
from django.test import Client as Browser

from benchmarks.processes import cpu_ms
from frontdesk.clients import lifecycle

_EXISTING = 200
_MEASURED = 40


def run() -> None:
    for number in range(_EXISTING):
        _create(f"filler_{number}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    database_before = cpu_ms(backend)
    walls, pythons = zip(*[_timed(f"measured_{n}") for n in range(_MEASURED)], strict=True)
    database = (cpu_ms(backend) - database_before) / _MEASURED
    print(f"\nOpening a client, {_EXISTING} there already ({_MEASURED} measured)")
    print(f"  wall            p50 {statistics.median(walls):6.1f} ms   max {max(walls):6.1f} ms")
    print(f"  CPU, Python     mean {statistics.fmean(pythons):5.1f} ms")
    print(f"  CPU, database   mean {database:5.1f} ms")
    print(
        f"  CPU, both       mean {statistics.fmean(pythons) + database:5.1f} ms   (budget 150 ms)"
    )
    answered = sum(_answers(f"filler_{number}") for number in range(_EXISTING))
    print(f"  clients that answer a visitor: {answered} of {_EXISTING}")


def _create(slug: str) -> None:
    lifecycle.create(slug, name=slug, email=f"owner@{slug.replace('_', '-')}.example")


def _timed(slug: str) -> tuple[float, float]:
    wall, python = time.perf_counter(), time.process_time()
    _create(slug)
    return (time.perf_counter() - wall) * 1_000, (time.process_time() - python) * 1_000


def _answers(slug: str) -> bool:
    browser = Browser(HTTP_HOST="localhost", HTTP_X_CLIENT_ID=f"tenant_{slug}")
    started = browser.post("/api/v1/widget/conversations", "{}", "application/json").json()
    reply = browser.post(
        f"/api/v1/widget/conversations/{started['id']}/messages",
        '{"id": "7d444840-9dc0-11d1-b245-5ffdce74fad2", "text": "hello"}',
        "application/json",
        headers={"X-Conversation-Token": started["token"]},
    )
    return bool(reply.status_code == 200 and reply.json()["decision"] == "rule")
