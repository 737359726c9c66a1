"""What keeps the embedded server from starting is told in one sentence, and nothing is lost."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from frontdesk.lib.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from frontdesk.lib.embedded_postgres.binaries import locate_for
from frontdesk.lib.embedded_postgres.identity import identity_for
from frontdesk.lib.embedded_postgres.locks import FileLock
from frontdesk.lib.embedded_postgres.sockets import socket_folder_for

CHECKOUT = Path(__file__).resolve().parents[2]
FAST = {"fsync": "off"}
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
SCRIPT = """
import sys
from pathlib import Path
from frontdesk.lib.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
try:
    with EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"}) as postgres:
        print(postgres.url)
except EmbeddedPostgresError as error:
    print("refused:", error)
"""


def refusal(data: Path, settings: dict[str, str] | None = None) -> str:
    """The sentence with which a start is refused."""
    server = EmbeddedPostgres(data, settings=FAST | (settings or {}))
    with pytest.raises(EmbeddedPostgresError) as caught, server:
        pass
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original") / "data"
    server = EmbeddedPostgres(folder, settings=FAST)
    with server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    return folder


@pytest.fixture
def data(original: Path, tmp_path: Path) -> Path:
    """A copy of a healthy data folder, to be damaged."""
    copy = tmp_path / "data"
    subprocess.run(["cp", "-a", str(original), str(copy)], check=True)
    return copy


def test_a_data_folder_with_a_part_missing(data: Path) -> None:
    cluster = data / "postgresql"
    (cluster / "global" / "pg_control").rename(cluster / "global" / "elsewhere")
    sentence = refusal(data)
    assert str(cluster) in sentence
    assert "global/pg_control is missing" in sentence
    assert "backup" in sentence
    (cluster / "global" / "elsewhere").rename(cluster / "global" / "pg_control")
    with EmbeddedPostgres(data, settings=FAST) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_a_damaged_data_folder(data: Path) -> None:
    shutil.rmtree(data / "postgresql" / "pg_wal")
    (data / "postgresql" / "pg_wal").mkdir()
    identity_for(data / "postgresql").own(data / "postgresql" / "pg_wal")
    sentence = refusal(data)
    assert "checkpoint record" in sentence
    assert "backup" in sentence
    assert (data / "postgresql" / "base").exists()


def test_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    something = tmp_path / "data" / "postgresql"
    something.mkdir(parents=True, mode=0o700)
    identity_for(tmp_path / "absent").own(something)
    (something / "letter.txt").write_text("Dear reader")
    assert "PG_VERSION is missing" in refusal(tmp_path / "data")
    assert (something / "letter.txt").read_text() == "Dear reader"


def test_a_database_of_another_major_version(data: Path) -> None:
    (data / "postgresql" / "PG_VERSION").write_text("16\n")
    sentence = refusal(data)
    assert "PostgreSQL 16" in sentence
    assert "PostgreSQL 18" in sentence


def test_a_setting_the_server_refuses(data: Path) -> None:
    assert "shared_buffers" in refusal(data, {"shared_buffers": "plenty"})


def test_a_server_that_does_not_come_up(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontdesk.lib.embedded_postgres.server.START_SECONDS", 1)
    held = FileLock(data / "postgresql.server.lock")
    assert held.try_alone()
    sentence = refusal(data)
    assert "1 second" in sentence
    assert "the last line of its log" in sentence
    held.release()


def test_a_socket_folder_that_others_may_enter(data: Path) -> None:
    cluster = data / "postgresql"
    folder = socket_folder_for(cluster, identity_for(cluster))
    folder.mkdir()
    folder.chmod(0o777)
    assert "made by someone else" in refusal(data)
    folder.rmdir()


def test_package_not_installed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "a_package_nobody_has"
    monkeypatch.setattr("frontdesk.lib.embedded_postgres.binaries.PACKAGE", name)
    sentence = refusal(data)
    assert "frontdesk[embedded]" in sentence
    assert "DATABASE_URL" in sentence


def test_platform_without_binaries(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    sentence = refusal(data)
    assert "win32" in sentence
    assert "DATABASE_URL" in sentence


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    assert str(tmp_path / "data") in refusal(tmp_path / "data")


# A full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mount a disk of so many megabytes; skip where that isn't allowed."""
    mounted: list[Path] = []

    def mount(megabytes: int) -> Path:
        folder = tmp_path / f"disk-{megabytes}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            pytest.skip(f"a small disk can't be mounted here: {error}")
        if done.returncode != 0:
            pytest.skip(f"a small disk can't be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take every byte that is left."""
    rest = folder / "rest"
    with rest.open("wb", buffering=0) as file:
        block = b"\0" * 65536
        try:
            while file.write(block) == len(block):
                pass
        except OSError:
            return rest
    return rest


def test_too_little_room_for_a_new_database(small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(20)
    sentence = refusal(disk / "data")
    assert "full" in sentence
    assert "150 MB" in sentence


def test_the_disk_fills_up_while_the_database_is_made(
    small_disk: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = small_disk(20)
    monkeypatch.setattr("frontdesk.lib.embedded_postgres.cluster.NEEDED_MB", 0)
    assert "is full" in refusal(disk / "data")
    assert not list((disk / "data").glob("postgresql*/*"))


def test_a_full_disk_at_start_loses_nothing(
    small_disk: Callable[[int], Path], original: Path
) -> None:
    disk = small_disk(120)
    data = disk / "data"
    subprocess.run(["cp", "-a", str(original), str(data)], check=True)
    rest = fill(disk)
    assert "is full" in refusal(data)
    rest.unlink()
    with EmbeddedPostgres(data, settings=FAST) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


# An ordinary user, when the tests are root's


@dataclass(frozen=True)
class OrdinaryUser:
    """A Python that any user can run, and a folder that belongs to an unprivileged one."""

    command: list[str]
    environment: dict[str, str]
    home: Path
    uid: int
    gid: int

    def start(self, data: Path) -> str:
        """Start and stop the server as this user: its URL, or ``refused: <sentence>``."""
        done = subprocess.run(
            [*self.command, "-c", SCRIPT, str(data)],
            cwd="/",
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def ordinary() -> Iterator[OrdinaryUser]:
    identity = identity_for(Path("/does/not/exist"))
    home = Path(tempfile.mkdtemp(prefix="frontdesk-test-"))
    home.chmod(0o755)
    code = home / "code"
    shutil.copytree(
        CHECKOUT / "frontdesk" / "lib" / "embedded_postgres",
        code / "frontdesk" / "lib" / "embedded_postgres",
    )
    binaries = locate_for(identity).root.parent.parent
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{code}:{binaries}"}
    own = home / "own"
    own.mkdir()
    identity.own(own)
    command = _python_for(identity.uid)
    yield OrdinaryUser(command, environment, own, identity.uid, identity.gid)
    shutil.rmtree(home)


def _python_for(uid: int) -> list[str]:
    wanted = "import sys; sys.exit(sys.version_info < (3, 11))"
    for python in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            if not subprocess.run(
                [python, "-c", wanted], user=uid, cwd="/", check=False
            ).returncode:
                return [python, "-B"]
        except OSError:
            continue
    pytest.skip("no Python 3.11 or newer here that an ordinary user can run")


@AS_ROOT
def test_an_ordinary_user_starts_it(ordinary: OrdinaryUser) -> None:
    assert ordinary.start(ordinary.home / "data").startswith("postgresql://")
    assert (ordinary.home / "data" / "postgresql").stat().st_uid == ordinary.uid


@AS_ROOT
def test_root_continues_what_an_ordinary_user_began(ordinary: OrdinaryUser) -> None:
    data = ordinary.home / "data"
    ordinary.start(data)
    with EmbeddedPostgres(data, settings=FAST) as server, psycopg.connect(server.url):
        assert (data / "postgresql" / "postmaster.pid").stat().st_uid == ordinary.uid
    assert ordinary.start(data).startswith("postgresql://")


@AS_ROOT
def test_what_root_begins_in_an_ordinary_users_folder_is_that_users(
    ordinary: OrdinaryUser,
) -> None:
    with EmbeddedPostgres(ordinary.home, settings=FAST):
        pass
    assert {path.stat().st_uid for path in ordinary.home.iterdir()} == {ordinary.uid}
    assert ordinary.start(ordinary.home).startswith("postgresql://")


@AS_ROOT
def test_a_folder_an_ordinary_user_may_not_write(ordinary: OrdinaryUser) -> None:
    closed = ordinary.home.parent / "closed"
    closed.mkdir(mode=0o755)
    sentence = ordinary.start(closed / "data")
    assert sentence.startswith("refused:")
    assert "can't be written" in sentence
    assert "FRONTDESK_DATA" in sentence


@AS_ROOT
def test_a_data_folder_of_root_is_refused_to_others(ordinary: OrdinaryUser) -> None:
    data = ordinary.home.parent / "roots" / "data"
    with EmbeddedPostgres(data, settings=FAST):
        pass
    sentence = ordinary.start(data)
    assert sentence.startswith("refused:")
    assert "FRONTDESK_DATA" in sentence


@AS_ROOT
def test_a_database_given_to_root_is_refused(data: Path) -> None:
    os.chown(data / "postgresql", 0, 0)
    sentence = refusal(data)
    assert "belongs to root" in sentence
    assert "chown" in sentence
