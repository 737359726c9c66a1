"""The types of a form's fields: what each accepts and how it is kept."""

from collections.abc import Callable
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

_TEXT_MAX = 200
_LONG_TEXT_MAX = 5_000


class BadValue(ValueError):
    """`args` are a stable code and a sentence for the visitor."""


def _text(value: str, _country: str) -> str:
    return _short_enough(" ".join(value.split()), _TEXT_MAX)


def _long_text(value: str, _country: str) -> str:
    return _short_enough(value, _LONG_TEXT_MAX)


def _email(value: str, _country: str) -> str:
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError:
        message = "This does not look like an e-mail address. Check for typos."
        raise BadValue("invalid_email", message) from None


def _phone(value: str, country: str) -> str:
    """E.164, like +442079460123; a number without country code is read in the client's country."""
    message = "This does not look like a phone number. Start with + and the country code."
    try:
        number = phonenumbers.parse(value, country or None)
    except phonenumbers.NumberParseException:
        raise BadValue("invalid_phone", message) from None
    # Possible, not valid: number plans grow faster than any library knows of them.
    if not phonenumbers.is_possible_number(number):
        raise BadValue("invalid_phone", message)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


TYPES: dict[str, Callable[[str, str], str]] = {
    "text": _text,
    "long_text": _long_text,
    "email": _email,
    "phone": _phone,
}


def clean(field: dict[str, Any], raw: object, country: str) -> str:
    """The value as it is kept; raises BadValue. Empty is fine where the field isn't required."""
    if raw is not None and not isinstance(raw, str):
        raise BadValue("invalid", "This must be text.")
    # PostgreSQL stores no NUL.
    value = (raw or "").replace("\x00", "").strip()
    if not value:
        if field["required"]:
            raise BadValue("required", "Please fill this in.")
        return ""
    return TYPES[field["type"]](value, country)


def _short_enough(value: str, most: int) -> str:
    if len(value) > most:
        raise BadValue("too_long", f"Please use no more than {most:,} characters.")
    return value
