"""Ids, references, cursors, addresses, rates."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.http import HttpRequest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.lib import rates
from frontdesk.lib.addresses import address_of
from frontdesk.lib.cursors import read_cursor, write_cursor
from frontdesk.lib.ids import new_id, new_reference
from frontdesk.lib.refusals import InvalidRequest


def test_ids_are_in_order_and_do_not_repeat() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert len(set(ids)) == 1_000
    assert sorted(ids) == ids
    assert {made.version for made in ids} == {7}


def test_a_reference_can_be_read_out() -> None:
    references = {new_reference() for _ in range(1_000)}
    assert len(references) > 990
    for reference in references:
        assert reference.startswith("FD-")
        assert not set(reference[3:]) & set("AEIOU01LS5") - {"5"}


@given(st.integers(0, 2**63 - 1))
def test_a_cursor_leads_back(position: int) -> None:
    assert read_cursor(write_cursor(position)) == position


@given(st.text(max_size=40))
def test_a_made_up_cursor_is_refused_or_harmless(cursor: str) -> None:
    try:
        position = read_cursor(cursor)
    except InvalidRequest:
        return
    assert 0 <= position < 2**63


def test_the_rate_is_told_and_held_until_the_minute_is_over() -> None:
    with time_machine.travel(datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC), tick=False) as clock:
        assert rates.take(2, "a") == rates.Rate(limit=2, remaining=1, reset=30)
        assert rates.take(2, "a").remaining == 0
        with pytest.raises(rates.RateLimited) as refused:
            rates.take(2, "a")
        assert refused.value.facts == {"retry_after": 30}
        assert rates.take(2, "b").remaining == 1
        clock.shift(30)
        assert rates.take(2, "a").remaining == 1


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "1.1.1.1", "9.9.9.9"),
        (1, "1.1.1.1, 2.2.2.2", "2.2.2.2"),
        (2, "1.1.1.1, 2.2.2.2", "1.1.1.1"),
        (2, "1.1.1.1", "9.9.9.9"),
        (1, "", "9.9.9.9"),
    ],
)
def test_only_trusted_proxies_say_the_address(proxies: int, forwarded: str, address: str) -> None:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "9.9.9.9", "HTTP_X_FORWARDED_FOR": forwarded}
    with override_settings(TRUSTED_PROXIES=proxies):
        assert address_of(request) == address
