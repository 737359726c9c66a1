"""Two real FAQ lists as two clients, and what people really asked them, over HTTP."""

import csv
import http.client
import json
import uuid
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.installs import Install

pytestmark = pytest.mark.journey

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "faqs"
DESKS = {
    "help_desk": ("help-desk-questions.csv", 500),
    "health_desk": ("health-desk-questions.csv", 691),
}


@pytest.fixture(scope="module")
def desks(install: Install) -> Install:
    if not FOLDER.is_dir():
        pytest.skip(f"The real FAQ lists are not here: {FOLDER} is missing.")
    told = install.run("demo", "import-desks", "--folder", str(FOLDER))
    assert told.splitlines() == [
        "tenant_help_desk: 125 created, 0 updated, 0 unchanged, 0 rejected",
        "tenant_health_desk: 67 created, 0 updated, 0 unchanged, 0 rejected",
    ]
    return install


@pytest.mark.parametrize("desk", DESKS)
def test_every_question_is_answered_and_stored_once(
    desks: Install, desk: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, expected = DESKS[desk]
    with (FOLDER / file).open(encoding="utf-8", newline="") as opened:
        questions = [(row["text"], row["faq_id"]) for row in csv.DictReader(opened)]
    outcomes = _ask_all(desks, f"tenant_{desk}", questions)
    assert outcomes.total() == len(questions) == expected
    stored = desks.sql(
        f"SELECT count(*), count(DISTINCT id) FROM tenant_{desk}.conversations_message "
        "WHERE author = 'visitor'"
    )
    assert stored == [(expected, expected)]
    shares = ", ".join(f"{name} {count / expected:.1%}" for name, count in outcomes.most_common())
    with capsys.disabled():
        print(f"\n{desk}: {expected} questions: {shares}")  # noqa: T201 (the measured figure)


def _ask_all(install: Install, client_id: str, questions: list[tuple[str, str]]) -> Counter[str]:
    connection = http.client.HTTPConnection(urlsplit(install.base_url).netloc, timeout=30)
    headers = {"X-Client-ID": client_id, "Content-Type": "application/json"}

    def post(path: str, body: object) -> dict[str, object]:
        connection.request("POST", f"/api/v1/widget/{path}", json.dumps(body), headers)
        response = connection.getresponse()
        answer: dict[str, object] = json.loads(response.read())
        assert response.status in (200, 201), answer
        return answer

    started = post("conversations", {"locale": "en"})
    headers["X-Conversation-Token"] = str(started["token"])
    outcomes: Counter[str] = Counter()
    for text, faq_id in questions:
        said = {"id": str(uuid.uuid4()), "text": text}
        outcomes[_outcome(post(f"conversations/{started['id']}/messages", said), faq_id)] += 1
    connection.close()
    return outcomes


def _outcome(reply: dict[str, object], faq_id: str) -> str:
    told = json.dumps(reply["messages"])
    if reply["decision"] == "answer":
        return "answered right" if f'"faq_id": "{faq_id}"' in told else "answered wrong"
    if reply["decision"] == "suggest":
        return "suggested right" if f'"faq:{faq_id}"' in told else "suggested wrong"
    return "missed"
