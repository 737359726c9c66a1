"""Request rates, counted in this process by the clock's minutes.

Counting is per process on purpose: it costs microseconds and no shared store. What must hold
exactly over all processes (a client's monthly messages) is counted in the database.
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass

from frontdesk.lib.refusals import Refusal

_WINDOW_SECONDS = 60

_lock = threading.Lock()
_counts: Counter[tuple[str, ...]] = Counter()
_window = 0


class RateLimited(Refusal):
    code = "rate_limited"
    status = 429
    title = "Too many requests"


@dataclass(frozen=True, slots=True)
class Rate:
    """Where a caller stands: `limit` a minute, `remaining` of them, new ones in `reset` seconds."""

    limit: int
    remaining: int
    reset: int


def take(per_minute: int, *key: str) -> Rate:
    """Counts one request under `key`; raises RateLimited when the minute's share is used up."""
    window, into = divmod(int(time.time()), _WINDOW_SECONDS)
    count, reset = _count(window, key), _WINDOW_SECONDS - into
    if count > per_minute:
        raise RateLimited(
            f"No more than {per_minute} a minute. Try again in {reset} seconds.",
            retry_after=reset,
        )
    return Rate(per_minute, per_minute - count, reset)


def forget_all() -> None:
    """Starts counting from nothing."""
    with _lock:
        _counts.clear()


def _count(window: int, key: tuple[str, ...]) -> int:
    global _window  # noqa: PLW0603 (the process is what is counted for)
    with _lock:
        if window != _window:
            # Only the present minute is held, so what is kept is bounded by a minute's callers.
            _counts.clear()
            _window = window
        _counts[key] += 1
        return _counts[key]
