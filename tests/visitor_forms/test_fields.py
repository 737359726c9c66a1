"""What each type of field accepts, and the form it is kept in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.visitor_forms.fields import TYPES, BadValue, clean


def field(kind: str, *, required: bool = False) -> dict[str, object]:
    return {"name": "x", "type": kind, "label": "X", "required": required}


@pytest.mark.parametrize(
    ("kind", "raw", "kept"),
    [
        ("text", "  Ann \n Lee ", "Ann Lee"),
        ("long_text", " one\ntwo ", "one\ntwo"),
        ("email", "Ann@Example.COM", "Ann@example.com"),
        ("email", "ann@bücher.example", "ann@bücher.example"),
        ("phone", "020 7946 0123", "+442079460123"),
        ("phone", "+1 (212) 555-0123", "+12125550123"),
        ("text", "a\x00b", "ab"),
        ("text", None, ""),
    ],
)
def test_a_value_is_kept_in_its_normal_form(kind: str, raw: str | None, kept: str) -> None:
    assert clean(field(kind), raw, "GB") == kept


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        ("email", "ann@", "invalid_email"),
        ("email", "ann example.com", "invalid_email"),
        ("phone", "12", "invalid_phone"),
        ("phone", "call me", "invalid_phone"),
        ("text", "x" * 201, "too_long"),
        ("long_text", "x" * 5_001, "too_long"),
        ("text", 7, "invalid"),
        ("text", ["x"], "invalid"),
    ],
)
def test_what_can_not_be_used_has_a_code_and_a_sentence(kind: str, raw: object, code: str) -> None:
    with pytest.raises(BadValue) as refused:
        clean(field(kind), raw, "GB")
    assert refused.value.args[0] == code
    assert refused.value.args[1].endswith(".")


@pytest.mark.parametrize("raw", [None, "", "   ", "\x00"])
def test_nothing_is_fine_unless_it_is_required(raw: str | None) -> None:
    assert clean(field("email"), raw, "") == ""
    with pytest.raises(BadValue) as refused:
        clean(field("email", required=True), raw, "")
    assert refused.value.args[0] == "required"


def test_a_national_number_needs_a_country() -> None:
    with pytest.raises(BadValue):
        clean(field("phone"), "020 7946 0123", "")


@given(kind=st.sampled_from(sorted(TYPES)), raw=st.text(max_size=6_000))
def test_any_text_is_kept_or_refused_and_nothing_else(kind: str, raw: str) -> None:
    try:
        kept = clean(field(kind), raw, "IN")
    except BadValue as refused:
        code, message = refused.args
        assert code
        assert message
    else:
        assert "\x00" not in kept
