"""CPU time that processes have used, from /proc."""

import os
import subprocess
from pathlib import Path

_TICK_MS = 1_000 / os.sysconf("SC_CLK_TCK")


def cpu_ms(pid: int) -> float:
    """User and system time of one process so far, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_MS


def tree(pid: int) -> list[int]:
    """The process and all below it."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    children = [int(line) for line in found.stdout.split()]
    return [pid, *(each for child in children for each in tree(child))]


def tree_cpu_ms(pid: int) -> float:
    return sum(cpu_ms(each) for each in tree(pid))
