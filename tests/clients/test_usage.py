"""Messages are counted by the month, and the limit lets through exactly what it says."""

import uuid
from datetime import UTC, date, datetime

import pytest
import time_machine

from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from frontdesk.clients.usage import messages_this_month, month_of, next_month
from frontdesk.conversations.models import Message
from frontdesk.events.models import Event
from tests.conftest import OpenClient, Visitor, at_once

JANUARY = datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)
FEBRUARY = datetime(2027, 2, 1, tzinfo=UTC)


def open_visitor(client: Client) -> Visitor:
    visitor = Visitor(client)
    visitor.start()
    return visitor


@pytest.mark.parametrize(
    ("moment", "month", "following"),
    [
        (JANUARY, date(2027, 1, 1), date(2027, 2, 1)),
        (FEBRUARY, date(2027, 2, 1), date(2027, 3, 1)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), date(2028, 2, 1), date(2028, 3, 1)),
        (datetime(2027, 12, 31, 23, 59, tzinfo=UTC), date(2027, 12, 1), date(2028, 1, 1)),
    ],
)
def test_months_are_utcs(moment: datetime, month: date, following: date) -> None:
    assert month_of(moment) == month
    assert next_month(month) == following


def test_each_visitor_message_counts_once(north: Client) -> None:
    with time_machine.travel(JANUARY, tick=False):
        visitor = open_visitor(north)
        assert messages_this_month(north, JANUARY) == 0
        for number in range(40):
            visitor.say(f"question {number}")
        visitor.press("orders")
        visitor.read()
        assert messages_this_month(north, JANUARY) == 41
        assert messages_this_month(north, FEBRUARY) == 0


def test_counting_starts_anew_with_the_month(north: Client) -> None:
    lifecycle.change(north, limit_messages=2)
    with time_machine.travel(JANUARY, tick=False):
        visitor = open_visitor(north)
        assert [visitor.say("hello").status_code for _ in range(3)] == [200, 200, 402]
        refused = visitor.say("hello").json()
    assert (refused["limit"], refused["used"], refused["resets_on"]) == (2, 2, "2027-02-01")
    with time_machine.travel(FEBRUARY, tick=False):
        assert [visitor.say("hello").status_code for _ in range(3)] == [200, 200, 402]
        assert messages_this_month(north, FEBRUARY) == 2
    assert messages_this_month(north, JANUARY) == 2


def test_what_is_refused_leaves_no_row(north: Client) -> None:
    lifecycle.change(north, limit_messages=0)
    visitor, message_id = open_visitor(north), str(uuid.uuid4())
    refused = visitor.say("hello", message_id)
    assert (refused.status_code, refused.json()["limit"], refused.json()["used"]) == (402, 0, 0)
    with client_context(north):
        assert not Message.objects.filter(author="visitor").exists()
        assert not Event.objects.exists()
    lifecycle.change(north, limit_messages=None)
    assert visitor.say("hello", message_id).status_code == 200


def test_a_limit_lowered_below_what_is_used_tells_what_is_used(north: Client) -> None:
    visitor = open_visitor(north)
    for _ in range(5):
        visitor.say("hello")
    lifecycle.change(north, limit_messages=3)
    refused = visitor.say("hello").json()
    assert (refused["code"], refused["limit"], refused["used"]) == ("limit_reached", 3, 5)
    lifecycle.change(north, limit_messages=6)
    assert [visitor.say("hello").status_code for _ in range(2)] == [200, 402]


def test_a_repeated_message_is_answered_past_the_limit(north: Client) -> None:
    lifecycle.change(north, limit_messages=1)
    visitor, message_id = open_visitor(north), str(uuid.uuid4())
    first = visitor.say("when are you open", message_id)
    assert visitor.say("and delivery").status_code == 402
    again = visitor.say("when are you open", message_id)
    assert (again.status_code, again.json()) == (200, first.json())


def test_one_clients_messages_do_not_count_for_another(north: Client, south: Client) -> None:
    lifecycle.change(south, limit_messages=1)
    visitor = open_visitor(north)
    for _ in range(3):
        assert visitor.say("hello").status_code == 200
    assert messages_this_month(south, datetime.now(UTC)) == 0
    assert open_visitor(south).say("hello").status_code == 200


def test_a_paused_client_counts_nothing(north: Client) -> None:
    visitor = open_visitor(north)
    lifecycle.pause(north)
    assert visitor.say("hello").status_code == 200
    assert messages_this_month(north, datetime.now(UTC)) == 0


def test_of_twenty_at_the_last_free_message_exactly_one_passes(open_client: OpenClient) -> None:
    client = open_client("at_the_limit")
    # Counted while there was no limit, so spread over the slots.
    busy = open_visitor(client)
    for _ in range(9):
        assert busy.say("hello").status_code == 200
    lifecycle.change(client, limit_messages=10)
    visitors = [open_visitor(client) for _ in range(20)]

    statuses = at_once(20, lambda number: visitors[number].say("hello").status_code)

    assert sorted(statuses) == [200] + [402] * 19
    assert messages_this_month(client, datetime.now(UTC)) == 10
    with client_context(client):
        assert Message.objects.filter(author="visitor").count() == 10


def test_without_a_limit_all_of_twenty_pass_and_are_counted(open_client: OpenClient) -> None:
    client = open_client("unlimited")
    visitors = [open_visitor(client) for _ in range(20)]
    statuses = at_once(20, lambda number: visitors[number].say("hello").status_code)
    assert statuses == [200] * 20
    assert messages_this_month(client, datetime.now(UTC)) == 20
