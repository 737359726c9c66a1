"""What a capsule of a client with 100,000 messages costs: time, bytes, memory."""

import resource
import tempfile
import time
from pathlib import Path

from django.db import connection

from frontdesk.bot import demo_content
from frontdesk.clients import lifecycle
from frontdesk.clients.capsules.exporting import export
from frontdesk.clients.capsules.importing import import_capsule
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client

_CONVERSATIONS = 5_000
_MESSAGES_EACH = 20
_FILL = """
WITH opened AS (
  INSERT INTO conversations_conversation (id, locale, page_url, referrer, state, message_count)
  SELECT gen_random_uuid(), 'en', 'https://shop.example/', '', '{}', %s FROM generate_series(1, %s)
  RETURNING id
)
INSERT INTO conversations_message (id, conversation_id, position, author, type, text, extras,
  decision, trace, created_at)
SELECT gen_random_uuid(), opened.id, n, CASE n %% 2 WHEN 0 THEN 'bot' ELSE 'visitor' END, 'text',
  'What people ask and what they are told, ' || n, '{}', 'answer',
  '{"decision": "answer", "confidence": 0.8123, "candidates": [["returns", 0.8123]]}', now()
FROM opened, generate_series(0, %s) n
"""


def run() -> None:
    client = _fill()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.capsule"
        began, before = time.perf_counter(), _peak_mb()
        with path.open("wb") as file:
            file.writelines(export(client))
        exported, size = time.perf_counter() - began, path.stat().st_size
        began = time.perf_counter()
        with path.open("rb") as file:
            copy = import_capsule(file, slug="bench_copy")
        imported = time.perf_counter() - began
    count = _CONVERSATIONS * _MESSAGES_EACH
    print(f"\nA capsule of a client with {count:,} messages")
    print(f"  export {exported:5.1f} s   {size / 1e6:.1f} MB")
    print(f"  import {imported:5.1f} s")
    print(f"  memory it added to the process at its peak {_peak_mb() - before:.0f} MB")
    for each in (client, copy):
        lifecycle.close(each)
        lifecycle.remove(each)


def _fill() -> Client:
    demo_content.load("greenleaf")
    client: Client = Client.objects.get(schema_name="tenant_greenleaf")
    with client_context(client), connection.cursor() as cursor:
        cursor.execute(_FILL, [_MESSAGES_EACH, _CONVERSATIONS, _MESSAGES_EACH - 1])
    return client


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
