"""Ids that can't be guessed, and short references that people can read out."""

import secrets
import uuid

from uuid_utils.compat import uuid7

# No vowels and nothing that looks like another sign: a reference spells no word, and is dictated
# over the phone without a mistake.
_REFERENCE_SIGNS = "23456789BCDFGHJKMNPQRTVWXYZ"


def new_id() -> uuid.UUID:
    """A version 7 UUID: 74 random bits, and rows made together stay together in an index."""
    return uuid7()


def new_reference() -> str:
    """Like `FD-7Q2KX8`: 27**6 (387 million) possibilities; the caller checks for a clash."""
    return "FD-" + "".join(secrets.choice(_REFERENCE_SIGNS) for _ in range(6))
