"""`make bench`: what a client's creation, a visitor's turn and a capsule cost on this machine.

Everything runs on an embedded PostgreSQL of its own with durable settings (fsync on) in a folder
that is thrown away. Ratios come from one run; machines are noisy, so quote those.
`python -m benchmarks creation` (`turns`, `capsule`) runs one alone.
"""

import os
import sys
import tempfile
from pathlib import Path


def main(wanted: list[str]) -> None:
    from frontdesk.lib.embedded_postgres import EmbeddedPostgres  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(Path(folder)) as server:
            os.environ |= {
                "DATABASE_URL": server.url,
                "FRONTDESK_DATA": folder,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "FRONTDESK_RATE_CONVERSATION": "100000000",
                "FRONTDESK_RATE_ADDRESS": "100000000",
            }
            _run(wanted)


def _run(wanted: list[str]) -> None:
    import django  # noqa: PLC0415 (settings read the environment set above)

    django.setup()
    from benchmarks import capsule, creation, turns  # noqa: PLC0415
    from frontdesk.clients.migrating import migrate_all  # noqa: PLC0415

    list(migrate_all())
    for name, benchmark in (("creation", creation), ("turns", turns), ("capsule", capsule)):
        if not wanted or name in wanted:
            benchmark.run()


if __name__ == "__main__":
    main(sys.argv[1:])
