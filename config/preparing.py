"""What an install needs before it serves: run by `up` in a process that ends, with its memory.

Prints a line for each thing done; the one-time sign-in link is the line that starts with LINK.
"""

import os
import sys

LINK = "sign-in-link "


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django  # noqa: PLC0415 (the settings module has to be named first)
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management.base import CommandError  # noqa: PLC0415
    from django.db import OperationalError  # noqa: PLC0415

    try:
        django.setup()
        prepare()
    except (CommandError, ImproperlyConfigured, OperationalError) as error:
        sys.stderr.write(f"frontdesk: {str(error).strip()}\n")
        return 1
    return 0


def prepare() -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    from config import env  # noqa: PLC0415
    from frontdesk.accounts.sign_in import make_operator_link  # noqa: PLC0415

    say("Bringing the database up to date…")
    call_command("migrate_all")
    if env.boolean("FRONTDESK_DEMO", default=True):
        say("Loading the demo clients where they are missing…")
        call_command("demo", "load")
    say(LINK + make_operator_link(settings.BASE_URL))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
