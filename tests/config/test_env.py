"""Settings from the environment: typed, and loud when they can't be read."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.secret import secret_key


def test_a_value_comes_from_the_variable_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(" from a file\n")
    monkeypatch.setenv("FD_TEST_FILE", str(tmp_path / "secret"))
    assert env.text("FD_TEST") == "from a file"
    monkeypatch.setenv("FD_TEST", " given ")
    assert env.text("FD_TEST") == "given"
    assert env.words("FD_NONE", "a, b,,c ") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("value", "read"), [("yes", True), ("1", True), ("ON", True), ("no", False), ("", False)]
)
def test_yes_and_no(monkeypatch: pytest.MonkeyPatch, value: str, *, read: bool) -> None:
    monkeypatch.setenv("FD_TEST", value)
    assert env.boolean("FD_TEST", default=not read) is read


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("ten", "FD_TEST must be a whole number, not 'ten'."),
        ("70000", "FD_TEST must be from 1 to 65535, not 70000."),
    ],
)
def test_a_number_that_can_not_be_read_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, told: str
) -> None:
    monkeypatch.setenv("FD_TEST", value)
    with pytest.raises(ImproperlyConfigured) as refused:
        env.integer("FD_TEST", 1, low=1, high=65_535)
    assert str(refused.value) == told


def test_what_is_missing_or_nonsense_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="FD_TEST is not set"):
        env.text("FD_TEST")
    monkeypatch.setenv("FD_TEST", "maybe")
    with pytest.raises(ImproperlyConfigured, match="must be yes or no, not 'maybe'"):
        env.boolean("FD_TEST", default=True)
    monkeypatch.setenv("FD_OTHER_FILE", "/nowhere/at/all")
    with pytest.raises(ImproperlyConfigured, match="FD_OTHER_FILE can't be read"):
        env.text("FD_OTHER")


@pytest.mark.parametrize(
    ("url", "parameters"),
    [
        ("postgresql://u:p%40ss@db.example:5433/desk", ("desk", "u", "p@ss", "db.example", "5433")),
        ("postgres://u@/desk?host=/run/pg&port=5", ("desk", "u", "", "/run/pg", "5")),
        ("postgresql:///desk?user=u", ("desk", "u", "", "", "")),
    ],
)
def test_a_database_url(url: str, parameters: tuple[str, ...]) -> None:
    read = env.database(url)
    assert tuple(read[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == parameters


def test_other_parameters_of_a_database_url_go_to_libpq() -> None:
    options = env.database("postgresql://db/desk?sslmode=require")["OPTIONS"]
    assert isinstance(options, dict)
    assert options["sslmode"] == "require"


@pytest.mark.parametrize("url", ["mysql://db/desk", "postgresql://db", "postgresql://db/", "desk"])
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        env.database(url)


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = secret_key(tmp_path / "data", required=False)
    assert len(first) > 50
    assert secret_key(tmp_path / "data", required=False) == first
    kept = tmp_path / "data" / "secret-key"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret-key"]


def test_behind_https_the_secret_must_be_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ImproperlyConfigured, match="FRONTDESK_SECRET_KEY is not set"):
        secret_key(tmp_path, required=True)
    monkeypatch.setenv("FRONTDESK_SECRET_KEY", "short")
    with pytest.raises(ImproperlyConfigured, match="at least 32 characters"):
        secret_key(tmp_path, required=True)
    monkeypatch.setenv("FRONTDESK_SECRET_KEY", "x" * 32)
    assert secret_key(tmp_path, required=True) == "x" * 32


def test_a_data_folder_that_can_not_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match="FRONTDESK_DATA"):
        secret_key(tmp_path / "file", required=False)
