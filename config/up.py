"""`frontdesk up`: the whole install in the foreground, from the database to the demo site."""

import argparse
import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.children import Children
from config.ports import PortUnusableError, check_port
from config.serving import LINK
from frontdesk.lib.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from frontdesk.lib.embedded_postgres.errors import told_in_a_sentence
from frontdesk.lib.embedded_postgres.locks import FileLock

DJANGO = (sys.executable, "-m", "django")
READY_SECONDS = 60
TEND_SECONDS = 0.5
ANSWER_SECONDS = 2
CONNECT_SECONDS = 10
# How often a server that can't be started again is tried, and its sentence repeated.
DATABASE_PAUSE = 10.0


class UpError(Exception):
    """The install can't start; one sentence for the person who started it."""


@dataclass(frozen=True)
class Choices:
    """What the environment says about this install."""

    host: str
    port: int
    demo_port: int
    demo: bool
    data_folder: Path
    database_url: str
    url: str
    web_processes: int

    @classmethod
    def read(cls) -> "Choices":
        port = env.integer("PORT", 8000, low=1, high=65535)
        return cls(
            host=env.text("FRONTDESK_HOST", "127.0.0.1"),
            port=port,
            demo_port=env.integer("DEMO_PORT", min(port + 1, 65535), low=1, high=65535),
            demo=env.boolean("FRONTDESK_DEMO", default=True),
            data_folder=env.folder("FRONTDESK_DATA", Path.cwd() / "data"),
            database_url=env.text("DATABASE_URL", ""),
            url=env.text("FRONTDESK_URL", f"http://localhost:{port}").rstrip("/"),
            web_processes=env.integer("FRONTDESK_WEB_PROCESSES", _few(os.cpu_count()), low=1),
        )

    @property
    def demo_url(self) -> str:
        return f"http://localhost:{self.demo_port}"

    def environment(self, database_url: str) -> dict[str, str]:
        """Of the children: what was left to a default is told to all of them alike."""
        return {
            **os.environ,
            "PORT": str(self.port),
            "DEMO_PORT": str(self.demo_port),
            "FRONTDESK_DATA": str(self.data_folder),
            "FRONTDESK_URL": self.url,
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
            # The matrices are small: threads of their own would cost memory and win nothing.
            "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1"),
        }


def _few(processors: int | None) -> int:
    """Two web processes use two processors and survive one another; more cost memory."""
    return max(1, min(2, processors or 1))


def main(arguments: Sequence[str] = ()) -> int:
    argparse.ArgumentParser(prog="frontdesk up", description=__doc__).parse_args(arguments)
    expected = (UpError, PortUnusableError, EmbeddedPostgresError, ImproperlyConfigured)
    try:
        with raising_on_signals():
            run(Choices.read())
    except expected as error:
        sys.stderr.write(f"frontdesk: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


@contextmanager
def raising_on_signals() -> Iterator[None]:
    """Being told to end, or losing the terminal, interrupts as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class Hurry:
    """Counts further signals while the install is being stopped."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def __call__(self) -> bool:
        return self.asked

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def run(choices: Choices) -> None:
    """Serve until interrupted; then stop the children, and the embedded server last."""
    if choices.demo and choices.port == choices.demo_port:
        raise UpError(f"PORT and DEMO_PORT are both {choices.port}: choose two ports.")
    with ExitStack() as stack:
        stack.enter_context(having_data_folder(choices.data_folder))
        children = Children(choices.data_folder, {})
        if orphans := children.end_orphans():
            say(f"Ended {orphans} processes that an earlier start left behind.")
        check_port(choices.host, choices.port, "PORT")
        if choices.demo:
            check_port(choices.host, choices.demo_port, "DEMO_PORT")
        database = stack.enter_context(having_database(choices))
        url = choices.database_url or (database.url if database else "")
        children = Children(choices.data_folder, choices.environment(url))
        stack.enter_context(stopping(children))
        if choices.demo:
            start_demo_site(choices, children)
        link = start_web(choices, children)
        await_web(choices, children)
        children.start("worker", [*DJANGO, "worker"])
        say(welcome(choices, link))
        tend(children, database)


@contextmanager
def having_data_folder(folder: Path) -> Iterator[None]:
    """One `up` at a time: two would restart and end each other's processes."""
    lock = FileLock(folder / "up.lock")
    with told_in_a_sentence(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        alone = lock.try_alone()
    if not alone:
        raise UpError(f"Frontdesk already runs on {folder}{_running_as(folder)}: stop it first.")
    try:
        yield
    finally:
        lock.release()


def _running_as(folder: Path) -> str:
    with suppress(OSError, ValueError, KeyError):
        return f" (process {json.loads((folder / 'up.json').read_text())['pid']})"
    return ""


@contextmanager
def having_database(choices: Choices) -> Iterator[EmbeddedPostgres | None]:
    """The embedded server, started; None when DATABASE_URL names another, which answers."""
    if choices.database_url:
        check_database(choices.database_url)
        yield None
        return
    server = EmbeddedPostgres(choices.data_folder)
    new = "" if server.cluster.exists() else " (the first time takes a moment)"
    say(f"Starting the database{new}…")
    with server:
        yield server


def check_database(url: str) -> None:
    import psycopg  # noqa: PLC0415 (the embedded server does without)

    env.database(url)
    try:
        psycopg.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error as error:
        reason = str(error).partition("\n")[0].removeprefix("connection failed: ").rstrip(".")
        raise UpError(f"The database that DATABASE_URL names can't be used: {reason}.") from None


@contextmanager
def stopping(children: Children) -> Iterator[None]:
    try:
        yield
    finally:
        hurry = Hurry()
        if children.all:
            say("Stopping…")
        children.stop(hurry)


def start_demo_site(choices: Choices, children: Children) -> None:
    command = [
        *(sys.executable, "-m", "config.demo_site"),
        *("--host", choices.host, "--port", str(choices.demo_port)),
    ]
    children.start("demo site", command)


def start_web(choices: Choices, children: Children) -> str:
    """Migrations and demo content, then the server; returns the one-time sign-in link."""
    command = [
        *(sys.executable, "-m", "config.serving", "--host", choices.host),
        *("--port", str(choices.port), "--processes", str(choices.web_processes)),
    ]
    link = ""
    reading, writing = os.pipe()
    with os.fdopen(reading) as progress:
        children.start("web server", command, ("--progress", str(writing)), writing)
        os.close(writing)
        for line in progress:
            if line.startswith(LINK):
                link = line.removeprefix(LINK).strip()
            else:
                say(line.rstrip())
    if not link:
        raise UpError("The install could not be prepared; the reason is above.")
    say("Starting the server…")
    return link


def await_web(choices: Choices, children: Children) -> None:
    """Until the web server answers; a child that keeps dying meanwhile is told as it happens."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_healthy(choices.host, choices.port):
        if time.monotonic() > deadline:
            raise UpError(
                f"The web server does not answer at port {choices.port} after {READY_SECONDS} "
                "seconds; the reason is above."
            )
        children.tend(say)
        time.sleep(0.05)


def is_healthy(host: str, port: int) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared, not bound)
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def tend(children: Children, database: EmbeddedPostgres | None) -> None:
    """For ever: start again what has died, the embedded server first."""
    try_database = 0.0
    while True:
        now = time.monotonic()
        if database and now >= try_database and not database.is_running:
            say("The database ended; it is started again.")
            try:
                database.start()
            except EmbeddedPostgresError as error:
                say(str(error))
                try_database = now + DATABASE_PAUSE
        children.tend(say)
        time.sleep(TEND_SECONDS)


def welcome(choices: Choices, link: str) -> str:
    database = "the server that DATABASE_URL names" if choices.database_url else "embedded"
    facts = {
        "Console": f"{choices.url}/",
        "Sign in": f"{link}  (works once, within the hour)",
        "Demo site": f"{choices.demo_url}/" if choices.demo else "",
        "Data": f"{choices.data_folder}  (database: {database})",
    }
    lines = [f"  {name:<10} {value}" for name, value in facts.items() if value]
    return "\n".join(["", "Frontdesk is ready.", "", *lines, "", "Ctrl-C stops it.", ""])


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
