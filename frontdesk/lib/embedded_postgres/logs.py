"""The server's log: what it said last, and how much of it is kept."""

import re
from pathlib import Path

from frontdesk.lib.embedded_postgres.errors import DISK_FULL_WORDS

KEPT_FILES = 10
TAIL_BYTES = 20_000
SEVERE = re.compile(r"(?:FATAL|PANIC):\s+(.*)")
OF_LOG_ITSELF = re.compile(r"redirecting log output|Future log output")
ANY = re.compile(r"[A-Z]+:\s+(.*)")


def log_files(cluster: Path) -> list[Path]:
    """Oldest first; their names are times."""
    return sorted((cluster / "log").glob("postgresql-*.log"))


def prune(cluster: Path) -> None:
    for path in log_files(cluster)[:-KEPT_FILES]:
        path.unlink(missing_ok=True)


def last_lines(start_log: Path, cluster: Path, since: float = 0) -> list[str]:
    """What a server said as it started and, once it kept a log, what it wrote there ``since``."""
    kept = [path for path in log_files(cluster)[-1:] if path.stat().st_mtime >= since]
    return [line for path in (*kept, start_log) if path.exists() for line in _tail(path)]


def tell_of_full_disk(lines: list[str]) -> bool:
    return any(words in line for words in DISK_FULL_WORDS for line in lines)


def reason(lines: list[str]) -> str:
    """The last severe thing said, else the last thing said, without time and process number."""
    for pattern in (SEVERE, ANY):
        found = [match[1] for line in lines if (match := pattern.search(line))]
        if found:
            return found[-1]
    return lines[-1] if lines else "it said nothing"


def _tail(path: Path) -> list[str]:
    text = path.read_bytes()[-TAIL_BYTES:].decode(errors="replace")
    return [line for line in text.splitlines() if line.strip() and not OF_LOG_ITSELF.search(line)]
