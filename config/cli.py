"""`frontdesk …`: Django's commands, with this install's database found and started for them."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if arguments[:1] == ["up"]:
        from config.up import main as up  # noqa: PLC0415 (it starts what settings need)

        return up(arguments[1:])
    with ExitStack() as stack:
        if "DATABASE_URL" not in os.environ and "DATABASE_URL_FILE" not in os.environ:
            _enter_embedded_database(stack)
        return _run(arguments)


def _enter_embedded_database(stack: ExitStack) -> None:
    from frontdesk.lib.embedded_postgres import (  # noqa: PLC0415 (an extra)
        EmbeddedPostgres,
        EmbeddedPostgresError,
    )

    folder = Path(os.environ.get("FRONTDESK_DATA", "data")).expanduser().resolve()
    try:
        server = stack.enter_context(EmbeddedPostgres(folder))
    except EmbeddedPostgresError as error:
        sys.exit(f"frontdesk: {error}")
    os.environ["DATABASE_URL"] = server.url


def _run(arguments: Sequence[str]) -> int:
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    try:
        execute_from_command_line(["frontdesk", *arguments])
    except ImproperlyConfigured as error:
        sys.exit(f"frontdesk: {error}")
    return 0
