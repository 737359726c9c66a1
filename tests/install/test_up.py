"""`frontdesk up`: everything is served, everything killed comes back, everything ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from config.children import MARKER, Children, find_groups
from frontdesk.lib.embedded_postgres.identity import identity_for
from tests.installs import Install, running_install

CHECKOUT = Path(__file__).resolve().parents[2]
POSTGRESQL_15 = Path("/usr/lib/postgresql/15/bin")
pytestmark = pytest.mark.journey


def status_of(url: str) -> int:
    """0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_for(what: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def processes_of(folder: Path) -> set[int]:
    """Every living process that `up` started for this folder, however far down."""
    marker = f"{MARKER}={folder}".encode()
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (process / "environ").read_bytes().split(b"\0"):
                found.add(int(process.name))
        except OSError:
            continue
    return found


def postmaster_of(folder: Path) -> int:
    return int((folder / "postgresql" / "postmaster.pid").read_text().partition("\n")[0])


def web_of(folder: Path) -> int:
    """The web server's first process: the parent of the others."""
    for group in json.loads((folder / "up.json").read_text())["groups"]:
        if b"config.serving" in Path(f"/proc/{group}/cmdline").read_bytes():
            return int(group)
    raise AssertionError("no web server is noted")


def serves(install: Install) -> bool:
    return status_of(f"{install.base_url}/readyz") == status_of(f"{install.demo_url}/") == 200


def kill(*pids: int) -> None:
    for pid in pids:
        # One may have ended with another that was killed before it.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "data"


@pytest.fixture
def running(folder: Path) -> Iterator[Install]:
    with running_install(folder) as install:
        yield install
    assert processes_of(folder) == set()
    assert not (folder / "postgresql" / "postmaster.pid").exists()


def test_everything_is_served(running: Install) -> None:
    assert status_of(f"{running.base_url}/healthz") == 200
    assert status_of(f"{running.base_url}/readyz") == 200
    assert status_of(f"{running.demo_url}/greenleaf/") == 200
    assert status_of(f"{running.demo_url}/brightsmile/") == 200
    assert status_of(running.sign_in_link) == 200
    schemas = {row[0] for row in running.sql("SELECT schema_name FROM public.clients_client")}
    assert {"tenant_greenleaf", "tenant_brightsmile"} <= schemas


def test_what_is_killed_comes_back(running: Install, folder: Path) -> None:
    kill(web_of(folder))
    wait_for(lambda: not serves(running))
    wait_for(lambda: serves(running))

    kill(postmaster_of(folder))
    wait_for(lambda: not serves(running))
    wait_for(lambda: serves(running))

    kill(*processes_of(folder))
    wait_for(lambda: serves(running))


def test_children_end_with_the_install_that_started_them(folder: Path) -> None:
    with running_install(folder) as install:
        assert len(processes_of(folder)) > 3
        kill(install.process.pid)
        wait_for(lambda: not processes_of(folder))
    with running_install(folder) as again:
        assert serves(again)


def test_killing_everything_loses_nothing_committed(folder: Path) -> None:
    with running_install(folder) as install:
        install.sql("CREATE TABLE IF NOT EXISTS public.kept (n int)")
        install.sql("INSERT INTO public.kept VALUES (1)")
        kill(install.process.pid, postmaster_of(folder), *processes_of(folder))
        install.process.wait()
    with running_install(folder) as again:
        assert serves(again)
        assert again.sql("SELECT n FROM public.kept") == [(1,)]
        again.sql("DROP TABLE public.kept")


def test_two_can_not_run_on_one_folder(running: Install, folder: Path) -> None:
    sentence = refusal({"FRONTDESK_DATA": str(folder), "PORT": "0"})
    assert "PORT must be from 1" in sentence
    sentence = refusal({"FRONTDESK_DATA": str(folder)})
    assert str(folder) in sentence
    assert f"process {running.process.pid}" in sentence
    assert serves(running)


# What keeps it from starting


def refusal(environment: dict[str, str]) -> str:
    """The one sentence that `up` ends with."""
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE")}
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=CHECKOUT,
        env=cleared | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use_is_named_with_the_variable_that_changes_it(
    tmp_path: Path, taken: int
) -> None:
    sentence = refusal({"FRONTDESK_DATA": str(tmp_path), "PORT": str(taken)})
    assert f"Port {taken} is in use" in sentence
    assert "another with PORT" in sentence
    assert f"process {os.getpid()}" in sentence
    free = 8000 if taken != 8000 else 8010
    sentence = refusal(
        {"FRONTDESK_DATA": str(tmp_path), "PORT": str(free), "DEMO_PORT": str(taken)}
    )
    assert f"Port {taken} is in use" in sentence
    assert "another with DEMO_PORT" in sentence
    assert not (tmp_path / "postgresql").exists()


def test_one_port_for_both_is_refused(tmp_path: Path) -> None:
    environment = {"FRONTDESK_DATA": str(tmp_path), "PORT": "8000", "DEMO_PORT": "8000"}
    assert "choose two ports" in refusal(environment)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://someone:hidden@127.0.0.1:1/x", "Connection refused"),
        ("mysql://someone:hidden@127.0.0.1/x", "must start with postgresql://"),
    ],
)
def test_a_database_that_can_not_be_reached(
    tmp_path: Path, taken: int, url: str, reason: str
) -> None:
    free = str(taken + 1)
    environment = {"FRONTDESK_DATA": str(tmp_path), "PORT": free, "FRONTDESK_DEMO": "0"}
    sentence = refusal(environment | {"DATABASE_URL": url})
    assert "DATABASE_URL" in sentence
    assert reason in sentence
    assert "hidden" not in sentence


def test_a_data_folder_that_can_not_be_used(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    assert str(tmp_path / "data") in refusal({"FRONTDESK_DATA": str(tmp_path / "data")})


# Another server


@pytest.fixture
def other_server() -> Iterator[str]:
    """The URL of an empty database on a PostgreSQL 15 of the machine."""
    if not (POSTGRESQL_15 / "postgres").exists():
        pytest.skip(f"there is no PostgreSQL 15 in {POSTGRESQL_15}")
    # Its programs walk to the folder, so it can't be in the tests' own, which is closed to others.
    cluster = Path(tempfile.mkdtemp(prefix="frontdesk-test-"))
    identity = identity_for(cluster / "absent" / "absent")
    identity.own(cluster)
    options = identity.process_options(cluster)
    initdb = [f"{POSTGRESQL_15}/initdb", "-D", str(cluster), "-U", "frontdesk", "-A", "trust", "-N"]
    subprocess.run([*initdb, "-E", "UTF8"], check=True, capture_output=True, **options)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [f"{POSTGRESQL_15}/postgres", "-D", str(cluster), "-p", str(port), "-F"]
    settings = ["listen_addresses=127.0.0.1", "unix_socket_directories="]
    server = subprocess.Popen(
        [*command, *(part for setting in settings for part in ("-c", setting))],
        stderr=subprocess.DEVNULL,
        **options,
    )
    url = f"postgresql://frontdesk@127.0.0.1:{port}/postgres"
    try:
        wait_for(lambda: _takes_connections(url))
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(cluster)


def _takes_connections(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_database_url_replaces_the_embedded_server(tmp_path: Path, other_server: str) -> None:
    with running_install(tmp_path / "data", {"DATABASE_URL": other_server}) as install:
        assert serves(install)
        assert install.sql("SHOW server_version_num")[0][0].startswith("15")
        schemas = {row[0] for row in install.sql("SELECT schema_name FROM public.clients_client")}
        assert "tenant_greenleaf" in schemas
    assert not (tmp_path / "data" / "postgresql").exists()


# What an earlier start left behind


def test_leftovers_of_an_earlier_start_are_ended_and_nobody_else(tmp_path: Path) -> None:
    children = Children(tmp_path, os.environ)
    left = children.start("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"])
    assert left.process is not None
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    marker = f"{MARKER}={tmp_path}".encode()
    try:
        group = left.process.pid
        wait_for(lambda: find_groups({group}, marker))
        (tmp_path / "up.json").write_text(json.dumps({"pid": 1, "groups": [group, stranger.pid]}))
        assert Children(tmp_path, os.environ).end_orphans() == 1
        assert left.process.wait(10) == -signal.SIGTERM
        assert stranger.poll() is None
        assert not (tmp_path / "up.json").exists()
    finally:
        stranger.kill()
        stranger.wait()
        if left.process.poll() is None:
            left.process.kill()
            left.process.wait()


def test_a_child_that_keeps_dying_is_started_after_longer_and_longer_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("config.children.time.monotonic", lambda: now[0])
    told: list[str] = []
    children = Children(tmp_path, os.environ)
    child = children.start("thing", [sys.executable, "-c", "raise SystemExit(3)"])
    for pause in (1, 2, 4, 8, 16, 30, 30):
        assert child.process is not None
        child.process.wait()
        children.tend(told.append)
        assert told[-1].endswith(f"(exit status 3); it is started again in {pause} s.")
        now[0] += pause - 0.5
        first = child.process
        children.tend(told.append)
        assert child.process is first
        now[0] += 1
        children.tend(told.append)
        assert child.process is not first
    assert child.process is not None
    child.process.wait()
    children.stop()
