"""The Markdown subset of answers: what is allowed to be a link.

The widget draws the subset from a closed list of elements and never as HTML, so anything else
in an answer shows as it was typed. What must be refused when an answer is saved is a link that
does harm when clicked.
"""

import re
from urllib.parse import urlsplit

_LINK = re.compile(r"\[[^\]\n]*\]\(\s*<?([^)\s>]*)")
_SCHEMES = {"http", "https", "mailto", "tel"}


def bad_links(text: str) -> list[str]:
    """The targets of links that are not absolute http, https, mailto or tel addresses."""
    return [target for target in _LINK.findall(text) if not _is_safe(target)]


def _is_safe(target: str) -> bool:
    # Browsers drop control characters and white space inside a scheme.
    cleaned = re.sub(r"[\x00-\x20]", "", target)
    try:
        return urlsplit(cleaned).scheme.lower() in _SCHEMES
    except ValueError:
        return False
