"""Request rates, counted in this process.

The `limits` library counts; this says what is counted together and what is told to the caller.
Counting is per process on purpose: it costs microseconds and no shared store. What must hold
exactly over all processes (a client's monthly messages) is counted in the database.
"""

import time
from dataclasses import dataclass
from math import ceil

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from frontdesk.lib.refusals import Refusal

_limiter = FixedWindowRateLimiter(MemoryStorage())


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
    item = RateLimitItemPerMinute(per_minute)
    allowed = _limiter.hit(item, *key)
    window = _limiter.get_window_stats(item, *key)
    reset = max(1, ceil(window.reset_time - time.time()))
    if not allowed:
        raise RateLimited(
            f"No more than {per_minute} a minute. Try again in {reset} seconds.",
            retry_after=reset,
        )
    return Rate(per_minute, window.remaining, reset)


def forget_all() -> None:
    """Starts counting from nothing."""
    _limiter.storage.reset()
