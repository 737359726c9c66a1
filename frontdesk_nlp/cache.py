"""Keeps the engines in use at hand, up to a number of bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from frontdesk_nlp.engine import Engine

Key = tuple[str, int]

# An engine in memory holds its stored bytes, and about as much again of unpacked figures.
UNPACKED_SHARE = 2.0


@dataclass(frozen=True)
class CacheState:
    """What a cache holds and how it did since it was made."""

    engines: int
    held_bytes: int
    hits: int
    misses: int


class EngineCache:
    """Engines by (client, publication), the longest unused dropped first. Thread-safe.

    A publication never changes, so nothing here goes stale; a new publication is a new key.
    """

    def __init__(self, budget: int) -> None:
        """Hold engines up to `budget` bytes, and always the one used last."""
        self._budget = budget
        self._held: OrderedDict[Key, tuple[Engine, int]] = OrderedDict()
        self._loading: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()
        self._bytes = self._hits = self._misses = 0

    def get(self, client: str, publication: int, load: Callable[[], bytes]) -> Engine:
        """Return the engine; `load` gives its stored bytes where it is not held.

        Of several threads that miss the same engine, one loads and the others wait for it.
        """
        key = (client, publication)
        engine = self._find(key)
        if engine is not None:
            return engine
        with self._lock:
            gate = self._loading.setdefault(key, threading.Lock())
        with gate:
            return self._find(key) or self._add(key, load())

    def _find(self, key: Key) -> Engine | None:
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            self._hits += 1
            return found[0]

    def _add(self, key: Key, stored: bytes) -> Engine:
        engine = Engine.from_bytes(stored)
        size = int(len(stored) * UNPACKED_SHARE)
        with self._lock:
            self._misses += 1
            self._held[key] = (engine, size)
            self._bytes += size
            while self._bytes > self._budget and len(self._held) > 1:
                _, (_, dropped) = self._held.popitem(last=False)
                self._bytes -= dropped
            self._loading.pop(key, None)
        return engine

    def drop(self, client: str) -> None:
        """Forget every engine of a client, as when the client is gone."""
        with self._lock:
            for key in [key for key in self._held if key[0] == client]:
                self._bytes -= self._held.pop(key)[1]

    def look(self) -> CacheState:
        """Return what is held and how often it was found."""
        with self._lock:
            return CacheState(len(self._held), self._bytes, self._hits, self._misses)
