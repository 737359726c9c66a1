"""FAQs from files: what is taken, what is left out and why."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontdesk.bot.importing import COLUMNS, Report, import_faqs, read_rows
from frontdesk.bot.models import Faq
from frontdesk.clients import lifecycle
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Client
from frontdesk.lib.refusals import InvalidRequest


def load(client: Client, text: str, kind: str = "csv") -> Report:
    with client_context(client):
        return import_faqs(read_rows(text, kind))


def outcomes(report: Report) -> list[str]:
    return [row.outcome for row in report.rows]


def test_a_spreadsheets_file_is_read_whole(south: Client) -> None:
    text = (
        "\ufeffid,Question,phrasings,answer,category,locale,enabled\r\n"
        'a,"When, exactly?","at what time | how late","Line one\r\nLine ""two""",Visit,en-GB,no\r\n'
    )
    assert outcomes(load(south, text)) == ["created"]
    with client_context(south):
        faq = Faq.objects.get()
        assert (faq.question, faq.phrasings) == ("When, exactly?", ["at what time", "how late"])
        assert faq.answer == 'Line one\nLine "two"'
        assert (faq.category, faq.locale, faq.enabled) == ("Visit", "en-GB", False)


def test_the_same_file_again_changes_nothing(south: Client) -> None:
    text = "id,question,answer\na,When?,Now.\nb,Where?,Here.\n"
    assert outcomes(load(south, text)) == ["created", "created"]
    assert outcomes(load(south, text)) == ["unchanged", "unchanged"]
    assert outcomes(load(south, text.replace("Now", "Soon"))) == ["updated", "unchanged"]


def test_without_an_id_the_question_tells_which_faq_is_meant(south: Client) -> None:
    load(south, "question,answer\nWhen are you open?,Now.\n")
    report = load(south, "question,answer\nwhen are  you OPEN?,Soon.\nWhere?,Here.\n")
    assert [(row.id, row.outcome) for row in report.rows] == [
        ("when-are-you-open", "updated"),
        ("where", "created"),
    ]


def test_the_order_of_the_file_is_kept(south: Client) -> None:
    load(south, "id,question,answer\nz,Z?,z\na,A?,a\nm,M?,m\n")
    with client_context(south):
        assert list(Faq.objects.values_list("pk", flat=True)) == ["z", "a", "m"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": "", "answer": "x"}, "The question is missing."),
        ({"question": "x", "answer": " "}, "The answer is missing."),
        ({"id": "a b", "question": "x", "answer": "x"}, "An id has letters"),
        ({"question": "x" * 501, "answer": "x"}, "500 is the most"),
        ({"question": "x", "answer": "x" * 10_001}, "10,000 is the most"),
        ({"question": "x", "answer": "x", "locale": "english!"}, "not a language code"),
        ({"question": "x", "answer": "x", "enabled": "perhaps"}, "enabled is yes or no"),
        ({"question": "x", "answer": "x", "phrasings": [1]}, "Phrasings are a list of texts."),
        ({"question": "x", "answer": "x", "phrasings": ["y" * 501]}, "more than 500"),
        ({"question": "x", "answer": "[a](javascript:alert(1))"}, "must be a full web"),
        ({"question": "x", "answer": "[a](java\tscript:alert(1))"}, "must be a full web"),
        ({"question": "x", "answer": "[a](//evil.example)"}, "must be a full web"),
        ({"question": "x", "answer": "[a](data:text/html,x)"}, "must be a full web"),
        ({"question": 7, "answer": "x"}, "must be text"),
        ("not a row", "An FAQ is a set of named values."),
    ],
)
def test_a_row_that_can_not_be_taken_is_left_out_with_its_reason(
    south: Client, row: Any, reason: str
) -> None:
    good = {"question": "Good?", "answer": "[Yes](https://south.example) or [call](tel:+441)."}
    report = load(south, json.dumps([row, good]), "json")
    assert outcomes(report) == ["rejected", "created"]
    assert reason in report.rows[0].reason


def test_an_id_or_question_comes_once_in_a_file(south: Client) -> None:
    report = load(south, "id,question,answer\na,One?,1\na,Two?,2\n,One?,3\n")
    assert outcomes(report) == ["created", "rejected", "created"]


def test_surplus_cells_are_told(south: Client) -> None:
    report = load(south, "question,answer\nWhen?,Now, or later\n")
    assert "quotes" in report.rows[0].reason


def test_the_limit_holds_over_files_and_updates_go_on(south: Client) -> None:
    lifecycle.change(south, limit_faqs=2)
    text = "id,question,answer\na,A?,1\nb,B?,2\nc,C?,3\n"
    assert outcomes(load(south, text)) == ["created", "created", "rejected"]
    assert outcomes(load(south, text.replace("1", "9"))) == ["updated", "unchanged", "rejected"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "csv"),
        ("name,text\nx,y\n", "csv"),
        ("{", "json"),
        ("7", "json"),
        ('{"rows": []}', "json"),
        ("[" * 100_000, "json"),
    ],
)
def test_a_file_that_is_none_is_refused(south: Client, text: str, kind: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        load(south, text, kind)
    assert refused.value.facts["errors"][0]["field"] == "file"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=400), kind=st.sampled_from(["csv", "json"]), header=st.booleans())
def test_any_text_is_read_or_refused(south: Client, text: str, kind: str, *, header: bool) -> None:
    if header and kind == "csv":
        text = ",".join(COLUMNS) + "\n" + text
    try:
        report = load(south, text, kind)
    except InvalidRequest:
        return
    counts = report.as_dict()
    told = sum(counts[name] for name in ("created", "updated", "unchanged", "rejected"))
    assert told == len(counts["rows"])


def test_the_command_reports_and_publishes(south: Client, tmp_path: Path) -> None:
    file, told = tmp_path / "faqs.csv", StringIO()
    file.write_text("id,question,answer\na,When?,Now.\nb,Where?,\n")
    call_command("faqs", "import", "south", str(file), stdout=told)
    assert told.getvalue().splitlines() == [
        "row 2 b: left out. The answer is missing.",
        "1 created, 0 updated, 0 unchanged, 1 rejected",
        "tenant_south now serves publication 2",
    ]
    with pytest.raises(CommandError, match=r"nosuch\.csv"):
        call_command("faqs", "import", "south", str(tmp_path / "nosuch.csv"))
    with pytest.raises(CommandError, match="no such client"):
        call_command("faqs", "import", "nosuch", str(file))
