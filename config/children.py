"""The processes of an install: started, restarted when they die, and ended together."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

# In the environment of every child: how a later start knows its own leftovers.
MARKER = "FRONTDESK_UP"
STOP_SECONDS = 10.0
ORPHAN_SECONDS = 5.0
POLL_SECONDS = 0.05
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
# A child that has run this long is sound: its next death counts as its first.
SOUND_AFTER = 60.0
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process to keep alive; times in seconds of the monotonic clock."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    start_again: float = field(default=0.0)

    @property
    def group(self) -> int | None:
        """Also the number of its first process."""
        return self.process.pid if self.process else None

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Children:
    """Starts, watches and ends the children of one data folder, and notes their groups there."""

    def __init__(self, data_folder: Path, environment: Mapping[str, str]) -> None:
        self._notes = data_folder / "up.json"
        self._environment = {**environment, MARKER: str(data_folder)}
        self._marker = f"{MARKER}={data_folder}".encode()
        self.all: list[Child] = []

    def start(
        self, name: str, command: list[str], first: Sequence[str] = (), keep_open: int | None = None
    ) -> Child:
        """Arguments ``first`` and the descriptor it may use are for the first start alone."""
        child = Child(name, command)
        self.all.append(child)
        self._launch(child, first, () if keep_open is None else (keep_open,))
        return child

    def tend(self, report: Callable[[str], None]) -> None:
        """Start again what has died, after a pause that grows while it keeps dying."""
        now = time.monotonic()
        for child in self.all:
            if child.is_alive:
                continue
            if not child.start_again:
                self._note_death(child, now, report)
            elif now >= child.start_again:
                self._launch(child)

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """End all of them; what does not end in time, or when told to hurry, is killed."""
        groups = [child.group for child in self.all if child.group is not None]
        for child in self.all:
            if child.is_alive and child.process:
                # It tells its own processes to end.
                child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.is_alive for child in self.all) and time.monotonic() < deadline:
            if hurry():
                break
            time.sleep(POLL_SECONDS)
        for group in groups:
            _signal_group(group, signal.SIGKILL)
        for child in self.all:
            if child.process:
                child.process.wait()
        self._notes.unlink(missing_ok=True)

    def end_orphans(self) -> int:
        """End what an earlier start left behind when it was killed; how many groups there were."""
        groups = find_groups(self._noted_groups(), self._marker)
        for how in (signal.SIGTERM, signal.SIGKILL):
            for group in groups:
                _signal_group(group, how)
            deadline = time.monotonic() + ORPHAN_SECONDS
            while find_groups(groups, self._marker) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
        self._notes.unlink(missing_ok=True)
        return len(groups)

    def _noted_groups(self) -> set[int]:
        try:
            noted = json.loads(self._notes.read_text())["groups"]
            return {int(group) for group in noted}
        except (OSError, ValueError, KeyError, TypeError):
            return set()

    def _launch(
        self, child: Child, first: Sequence[str] = (), keep_open: Sequence[int] = ()
    ) -> None:
        if child.group is not None:
            # Processes that the dead one left behind would hold its port.
            _signal_group(child.group, signal.SIGKILL)
        child.process = self._open([*child.command, *first], keep_open)
        child.started = time.monotonic()
        child.start_again = 0.0
        self._take_notes()

    def _take_notes(self) -> None:
        groups = [child.group for child in self.all if child.group is not None]
        unfinished = self._notes.with_name(f"{self._notes.name}.new")
        unfinished.write_text(json.dumps({"pid": os.getpid(), "groups": groups}) + "\n")
        unfinished.replace(self._notes)

    def _open(self, command: list[str], keep_open: Sequence[int]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            pass_fds=keep_open,
            env=self._environment,
            start_new_session=True,
            preexec_fn=end_with_parent(os.getpid()),  # noqa: PLW1509 (this process has no threads)
        )

    def _note_death(self, child: Child, now: float, report: Callable[[str], None]) -> None:
        if now - child.started > SOUND_AFTER:
            child.deaths = 0
        pause = min(FIRST_PAUSE * 2**child.deaths, LONGEST_PAUSE)
        child.deaths += 1
        child.start_again = now + pause
        code = child.process.returncode if child.process else None
        report(f"The {child.name} ended ({_tell_end(code)}); it is started again in {pause:.0f} s.")


def find_groups(groups: Iterable[int], marker: bytes) -> set[int]:
    """Those of the process groups in which a process still runs that carries the marker.

    The marker keeps a group apart that got the number of one of ours since.
    """
    wanted = set(groups)
    if not wanted or sys.platform != "linux":
        return {group for group in wanted if _is_frontdesk(group)}
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(group) in wanted and state != "Z" and marker in _environment(process):
                found.add(int(group))
    return found


def _environment(process: Path) -> list[bytes]:
    return (process / "environ").read_bytes().split(b"\0")


def _is_frontdesk(pid: int) -> bool:
    """Where there is no /proc: by the command of the group's first process."""
    command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return "granian" in listed or "frontdesk" in listed


def _signal_group(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _tell_end(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit status {code}"


def end_with_parent(parent: int | None = None) -> Callable[[], None]:
    """For a new process to run first: on Linux it is told to end when its parent is killed.

    With ``parent``, the number of that parent, also when the parent is gone by then.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def arrange() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if parent is not None and os.getppid() != parent:
            os._exit(1)

    return arrange
