"""Creates clients in processes that can be killed. Run as a program by test_crash_safety.

It reads lines of "<slug> <after>" and for each forks a process that creates the client; `after`
is the number of statements after which that process kills itself, 0 = never. It prints the
process's id, then, once it has ended, the signal that ended it (0 = none).
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django


def main() -> None:
    django.setup()
    # Everything is imported and read before the first fork, so that what is killed is the work.
    from frontdesk.clients.provisioning import fingerprint  # noqa: PLC0415

    fingerprint()
    for line in sys.stdin:
        slug, after = line.split()
        child = os.fork()
        if child == 0:
            create(slug, int(after))
        print(child, flush=True)  # noqa: T201 (told to the test)
        _, status = os.waitpid(child, 0)
        print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, flush=True)  # noqa: T201


def create(slug: str, after: int) -> None:
    from django.db import connection  # noqa: PLC0415

    from frontdesk.clients import lifecycle  # noqa: PLC0415

    left = [after]

    def count(execute: Callable[..., Any], *args: Any) -> Any:
        outcome = execute(*args)
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    connection.execute_wrappers.append(count)
    lifecycle.create(slug, name="Killed", email="owner@killed.example")
    os._exit(0)


if __name__ == "__main__":
    main()
