"""Gives the tests a real PostgreSQL: DATABASE_URL's, or an embedded one kept in .cache/tests.

Loaded as a plugin, because Django's settings read DATABASE_URL when they are first imported.
"""

import atexit
import os
from pathlib import Path

from frontdesk.lib.embedded_postgres import EmbeddedPostgres

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "tests"
# The cluster is thrown away with the machine: what it holds need not survive a power cut.
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

os.environ.setdefault("FRONTDESK_DATA", str(CACHE / "data"))

# Playwright keeps an event loop running in the main thread, and Django takes all that follows for
# asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

if "DATABASE_URL" not in os.environ:
    server = EmbeddedPostgres(CACHE, settings=_FAST)
    server.start()
    atexit.register(server.stop)
    os.environ["DATABASE_URL"] = server.url
