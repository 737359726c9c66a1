"""Publications, the processes that keep them, hours, and the demo clients."""

import csv
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.test.utils import override_settings
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.bot import compiled, demo_content
from frontdesk.bot.compiled import live_bot
from frontdesk.bot.hours import is_open
from frontdesk.bot.importing import import_faqs
from frontdesk.bot.models import Faq, Publication
from frontdesk.bot.publishing import publish
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from frontdesk.clients.resolving import by_id
from frontdesk_nlp.dialogue import Said, State, take_turn
from tests.conftest import OpenClient

WEEK = {
    "time_zone": "Europe/London",
    "week": {"mon": [["09:00", "17:00"]], "sat": [["22:00", "24:00"]]},
}
QUESTIONS = Path(__file__).resolve().parents[1] / "journeys" / "questions"


def test_publications_are_numbered_and_do_not_change(north: Client) -> None:
    with client_context(north):
        before = Publication.objects.get(number=2).content
        import_faqs([{"id": "returns", "question": "How do I return an item?", "answer": "No."}])
        assert publish().number == 3
        assert Publication.objects.get(number=2).content == before
        assert live_bot()[1].faqs["returns"]["answer"] == "No."


def test_two_that_publish_at_once_get_two_numbers(open_client: OpenClient) -> None:
    client, numbers = open_client("publishing"), []

    def act() -> None:
        with client_context(client):
            numbers.append(publish().number)
        connections.close_all()

    threads = [threading.Thread(target=act) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [2, 3, 4, 5, 6]


def test_an_index_of_another_version_is_made_anew(north: Client) -> None:
    with client_context(north):
        good = bytes(Publication.objects.get(number=2).index)
        Publication.objects.filter(number=2).update(index=b"from another time")
        _, bot = live_bot()
        assert take_turn(bot, State(), Said(text="when are you open")).faq_id == "opening-hours"
        assert bytes(Publication.objects.get(number=2).index) == good


def test_clients_with_the_same_number_are_not_mixed(north: Client, south: Client) -> None:
    with client_context(south):
        import_faqs([{"id": "only", "question": "What is south?", "answer": "A direction."}])
        assert publish().number == 2
        assert set(live_bot()[1].faqs) == {"only"}
    with client_context(north):
        assert set(live_bot()[1].faqs) == {"opening-hours", "returns", "shipping"}


def test_a_process_keeps_no_more_than_its_budget(north: Client, south: Client) -> None:
    with override_settings(ENGINE_CACHE_BYTES=1):
        for client in (north, south, north):
            with client_context(client):
                live_bot()
            assert len(compiled._kept) == 1


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-06-01T08:30+01:00", False),
        ("2026-06-01T09:00+01:00", True),
        ("2026-06-01T16:59+01:00", True),
        ("2026-06-01T17:00+01:00", False),
        # The clocks went back on 25 October 2026: nine in London is nine in UTC from then on.
        ("2026-10-26T09:00+00:00", True),
        ("2026-10-19T08:00+00:00", True),
        ("2026-06-06T23:59+01:00", True),
        ("2026-06-07T00:00+01:00", False),
    ],
)
def test_hours_are_the_wall_clocks(moment: str, *, expected: bool) -> None:
    assert is_open(WEEK, datetime.fromisoformat(moment)) is expected


def test_an_exception_replaces_its_day() -> None:
    monday = datetime(2026, 6, 1, 10, 0, tzinfo=ZoneInfo("Europe/London"))
    closed = WEEK | {"exceptions": [{"on": "2026-06-01", "hours": []}]}
    assert is_open(WEEK, monday)
    assert not is_open(closed, monday)
    assert is_open(closed, monday + timedelta(days=7))
    assert is_open({}, monday)


@given(
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"]),
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001
)
def test_all_day_is_open_at_any_moment(zone: str, moment: datetime) -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    week = {day: [["00:00", "24:00"]] for day in days}
    assert is_open({"time_zone": zone, "week": week}, moment.replace(tzinfo=UTC))


@pytest.mark.parametrize("slug", demo_content.SLUGS)
def test_a_demo_client_holds_together(
    db: None, slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo_content.load(slug)
    assert not demo_content.load(slug)
    with client_context(by_id(f"tenant_{slug}")):
        assert Faq.objects.count() >= 40
        assert all(len(faq.phrasings) >= 3 for faq in Faq.objects.all())
        _, bot = live_bot()
        for option_id in bot.options:
            assert take_turn(bot, State(), Said(option_id=option_id)).messages
        told = {"right": 0, "near": 0, "wrong": 0, "none": 0}
        with (QUESTIONS / f"{slug}.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["faq_id"] != "none"]
        for row in rows:
            turn = take_turn(bot, State(), Said(text=row["text"]))
            offered = json.dumps([message.options for message in turn.messages])
            if turn.faq_id == row["faq_id"]:
                told["right"] += 1
            elif f'"faq:{row["faq_id"]}"' in offered:
                told["near"] += 1
            else:
                told["wrong" if turn.decision == "answer" else "none"] += 1
    with capsys.disabled():
        print(f"\n{slug}: {len(rows)} questions in visitors' own words: {told}")  # noqa: T201
    assert told["right"] > told["wrong"]
