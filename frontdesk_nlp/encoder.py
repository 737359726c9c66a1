"""The shared sentence encoder: an optional extra, one copy per process."""

from typing import Protocol

from frontdesk_nlp.index import Floats


class Encoder(Protocol):
    """Turns sentences into unit vectors whose products say how near they are in meaning."""

    def encode(self, texts: list[str]) -> Floats:
        """Return one row per text."""
        ...
