"""A visitor's durable turn: in, matched, both messages and the count stored, committed.

Against, in the same run: PostgreSQL's own pgbench inserting one row, and a bare one-INSERT view
on stock django-tenants with persistent connections.
"""

import json
import re
import subprocess
import tempfile
import uuid
from pathlib import Path

from django.conf import settings
from django.db import connection

from benchmarks.load import Load, generate, post
from benchmarks.processes import tree_cpu_ms
from benchmarks.servers import Server, serving
from benchmarks.stock import install as stock
from frontdesk.bot import demo_content
from frontdesk.bot.importing import import_faqs, read_rows
from frontdesk.bot.publishing import publish
from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context
from frontdesk.lib.embedded_postgres.binaries import locate

_CLIENTS = 50
_SECONDS = 8
_CONNECTIONS = 8
_ASKED = ["how much is delivery", "can i send a plant back", "when are you open", "xyzzy plugh"]


def run() -> None:
    stock.make(_CLIENTS)
    ids = _make_clients()
    connection.close()
    inserts = _pgbench()
    with serving("benchmarks.stock.wsgi:application") as server:
        bare = _measure_stock(server)
    with serving("config.wsgi:application") as server:
        conversations = [_start(server, client_id) for client_id in ids for _ in range(4)]
        _turns(server, conversations, connections=1, seconds=2)
        single = _turns(server, conversations, connections=1, seconds=_SECONDS)
        before = tree_cpu_ms(server.pid)
        many = _turns(server, conversations, connections=_CONNECTIONS, seconds=_SECONDS)
        spent = (tree_cpu_ms(server.pid) - before) / len(many.latencies)
    print(f"\nA durable turn, {_CLIENTS} clients of 67 FAQs in turn, two web processes")
    print(f"  one visitor at a time     {single}")
    print(f"  {_CONNECTIONS} at a time               {many}   web CPU {spent:.2f} ms")
    print(f"  stock django-tenants, one bare INSERT, {_CONNECTIONS} at a time   {bare}")
    print(f"  pgbench, one INSERT, {_CONNECTIONS} clients      {inserts:7.0f} /s")
    print(f"  ratio to stock django-tenants {many.rate / bare.rate:.2f}   (budget 2)")
    print(f"  ratio to pgbench {many.rate / inserts:.2f}   (budget 0.25)")


def _make_clients() -> list[str]:
    path = Path(demo_content.__file__).parent / "demo" / "greenleaf" / "faqs.csv"
    rows = read_rows(path.read_text(encoding="utf-8"), "csv")
    ids = []
    for number in range(_CLIENTS):
        client, _ = lifecycle.create(f"turns_{number}", name="Turns", email="t@turns.example")
        with client_context(client):
            import_faqs(rows)
            publish()
        ids.append(client.schema_name)
    return ids


def _start(server: Server, client_id: str) -> tuple[str, dict[str, str]]:
    import http.client  # noqa: PLC0415

    peer = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"X-Client-ID": client_id, "Content-Type": "application/json"}
    peer.request("POST", "/api/v1/widget/conversations", "{}", headers)
    started = json.loads(peer.getresponse().read())
    peer.close()
    path = f"/api/v1/widget/conversations/{started['id']}/messages"
    return path, {"X-Client-ID": client_id, "X-Conversation-Token": started["token"]}


def _turns(
    server: Server,
    conversations: list[tuple[str, dict[str, str]]],
    *,
    connections: int,
    seconds: float,
) -> Load:
    def request_of(number: int) -> bytes:
        path, headers = conversations[number * 7 % len(conversations)]
        said = {"id": str(uuid.uuid4()), "text": _ASKED[number % len(_ASKED)]}
        return post(server.port, path, json.dumps(said).encode(), headers)

    return generate(server.port, request_of, connections=connections, seconds=seconds)


def _measure_stock(server: Server) -> Load:
    def request_of(number: int) -> bytes:
        host = {"Host": f"stock{number * 7 % _CLIENTS}.localhost"}
        return post(server.port, "/", b'{"text": "how much is delivery"}', host)

    generate(server.port, request_of, connections=_CONNECTIONS, seconds=2)
    return generate(server.port, request_of, connections=_CONNECTIONS, seconds=_SECONDS)


def _pgbench() -> float:
    """Transactions a second of one prepared INSERT."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.bench_insert (id bigserial PRIMARY KEY, text text)")
    connection.close()
    database = settings.DATABASES["default"]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write("INSERT INTO public.bench_insert (text) VALUES ('how much is delivery');\n")
        script.flush()
        command = [
            str(locate().root / "bin" / "pgbench"),
            "-n",
            "-M",
            "prepared",
            "-f",
            script.name,
        ]
        command += ["-c", str(_CONNECTIONS), "-j", "1", "-T", str(_SECONDS)]
        command += ["-h", str(database["HOST"]), "-p", str(database["PORT"] or 5432)]
        command += ["-U", str(database["USER"]), str(database["NAME"])]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found.group(1))
