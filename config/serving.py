"""The web server's process, as `up` starts it: prepares the install if told to, then serves.

Both in one process, because loading the application costs more than all the rest of a start; and
its web processes are forked once it is loaded, which also lets them share its memory.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from config.children import end_with_parent

# A line of progress that is not for people: the one-time sign-in link follows.
LINK = "sign-in-link "
WAITING_REQUESTS = 128
THREADS_EACH = 4
STOP_SECONDS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    given = _read(arguments)
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 (loads when timed)
    from django.core.management.base import CommandError  # noqa: PLC0415
    from django.db import OperationalError  # noqa: PLC0415

    try:
        load()
        if given.progress is not None:
            with os.fdopen(given.progress, "w", buffering=1) as progress:
                prepare(lambda line: progress.write(f"{line}\n"))
    except (CommandError, ImproperlyConfigured, OperationalError) as error:
        sys.stderr.write(f"frontdesk: {str(error).strip()}\n")
        return 1
    serve("config.wsgi:application", given.host, given.port, given.processes, threads=THREADS_EACH)
    return 0


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = address_parser("config.serving", __doc__)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument(
        "--progress", type=int, help="prepare, and tell about it on this descriptor"
    )
    return parser.parse_args(arguments)


def address_parser(name: str, description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=name, description=description)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    return parser


def load() -> None:
    """Everything a request needs, so that the forked processes have it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import_module("config.wsgi")
    from django.conf import settings  # noqa: PLC0415

    for urls in (settings.ROOT_URLCONF, settings.CLIENT_URLCONF):
        import_module(urls)


def prepare(report: Callable[[str], object]) -> None:
    """Migrations, demo content where it is missing, and a sign-in link."""
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    from config import env  # noqa: PLC0415
    from frontdesk.accounts.sign_in import make_operator_link  # noqa: PLC0415

    report("Bringing the database up to date…")
    call_command("migrate_all")
    if env.boolean("FRONTDESK_DEMO", default=True):
        report("Loading the demo clients where they are missing…")
        call_command("demo", "load")
    report(LINK + make_operator_link(settings.BASE_URL))
    # Processes forked from this one must not share a connection.
    connections.close_all()


def serve(application: str, host: str, port: int, processes: int, *, threads: int) -> None:
    """Until told to end. The processes end with this one, however it ends."""
    from granian import Granian  # noqa: PLC0415
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    os.register_at_fork(after_in_child=end_with_parent())
    Granian(
        application,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads,
        backpressure=WAITING_REQUESTS,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()


if __name__ == "__main__":
    sys.exit(main())
