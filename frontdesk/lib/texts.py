"""Texts as PostgreSQL stores them: JSON can carry signs that it refuses."""


def storable(text: str) -> str:
    """The text without NUL, and with U+FFFD for each half of a surrogate pair."""
    if text.isascii():
        return text.replace("\x00", "")
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
