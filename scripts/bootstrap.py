"""Make .venv hold what Frontdesk needs: `python3 scripts/bootstrap.py [--dev]`.

Needs nothing but Python. This file has to be understood by Python 3.6, so that an old Python can
be told apart in one sentence; from `install` on, 3.11 is there.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Optional
from urllib.parse import urljoin
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PROGRAM = VENV / "bin" / "frontdesk"
STAMP = VENV / "frontdesk-install.json"
LOG = VENV / "install.log"
OLDEST = (3, 11)
# The newest that all dependencies have wheels for comes first.
NEWER_PYTHONS = ("python3.13", "python3.12", "python3.11", "python3.14")
# Variables that would make an installer write elsewhere.
MISLEADING = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV")
CAUSES = (
    (r"No space left on device|Disk quota exceeded", "the disk is full"),
    (
        (
            r"name resolution|Network is unreachable|Failed to establish|dns error|ConnectionError"
            r"|error sending request|Connection refused|ReadTimeout"
        ),
        "the package index can't be reached; the first start needs the network",
    ),
    (r"DO NOT MATCH THE HASHES|[Hh]ash mismatch", "a package is not the one that was locked"),
    (r"Permission denied", "the folder .venv can't be written"),
)


class BootstrapError(Exception):
    """One sentence for the person who started it."""


def main(arguments: List[str]) -> int:
    if sys.version_info < OLDEST:
        return start_again_with_newer_python(arguments)
    try:
        install(dev="--dev" in arguments)
    except BootstrapError as error:
        print("bootstrap: {}".format(error), file=sys.stderr)
        return 1
    return 0


def start_again_with_newer_python(arguments: List[str]) -> int:
    """Replaces this process when there is one; otherwise says what is needed."""
    for name in NEWER_PYTHONS:
        path = shutil.which(name)
        if path and is_new_enough(path):
            sys.stdout.flush()
            os.execv(path, [path, str(Path(__file__).resolve())] + arguments)  # noqa: RUF005
    found = "{}.{}".format(*sys.version_info[:2])
    print(
        "Python 3.11 or newer is needed, this is {}.".format(found),
        file=sys.stderr,
    )
    return 1


def is_new_enough(python: str) -> bool:
    """Whether it really runs: a name on PATH may lead to nothing."""
    code = "import sys; print(sys.version_info >= {!r})".format(OLDEST)
    try:
        return subprocess.check_output([python, "-c", code], stderr=subprocess.DEVNULL) == b"True\n"
    except (OSError, subprocess.CalledProcessError):
        return False


def install(*, dev: bool) -> None:
    """Bring .venv up to date, doing only what has changed since the last time."""
    wanted, stamp = describe_wanted(), read_stamp()
    dev = dev or bool(stamp.get("dev"))
    usable = PYTHON.exists() and PROGRAM.exists()
    if usable and stamp == dict(wanted, dev=dev):
        build_front_end()
        return
    began = time.monotonic()
    with one_at_a_time():
        if stamp.get("root") not in {None, str(ROOT)} or not has_usable_venv():
            make_venv()
            stamp = {}
        installer = choose_installer()
        kind = "dev" if dev else "run"
        if stamp.get("packages") != wanted["packages"] or stamp.get("dev") != dev:
            install_packages(installer, ROOT / "requirements" / (kind + ".txt"))
            write_stamp(dict(wanted, dev=dev, project=""))
        install_project(installer)
        write_stamp(dict(wanted, dev=dev))
    say(f"Installed in {time.monotonic() - began:.0f} s.")


def describe_wanted() -> Dict[str, Any]:
    """Everything an install depends on, the front end aside; equal means nothing to do."""
    requirements = sorted((ROOT / "requirements").glob("*.txt"))
    return {
        "root": str(ROOT),
        "packages": hash_files(requirements),
        "project": hash_files([ROOT / "pyproject.toml", ROOT / "hatch_build.py"]),
    }


def hash_files(paths: List[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def read_stamp() -> Dict[str, Any]:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp: Dict[str, Any]) -> None:
    STAMP.write_text(json.dumps(stamp, indent=1) + "\n")


class one_at_a_time:  # noqa: N801 - reads as the sentence it is
    """Two starts in one checkout wait for each other."""

    def __enter__(self) -> None:
        import fcntl  # noqa: PLC0415 - absent on Windows

        (ROOT / ".cache").mkdir(exist_ok=True)
        self.file = (ROOT / ".cache" / "bootstrap.lock").open("w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        self.file.close()


def has_usable_venv() -> bool:
    return PYTHON.exists() and is_new_enough(str(PYTHON))


def make_venv() -> None:
    version = "{}.{}.{}".format(*sys.version_info[:3])
    say(f"Making .venv with Python {version}…")
    if VENV.exists():
        if not (VENV / "pyvenv.cfg").exists():
            raise BootstrapError(f"{VENV} is not a virtual environment: move it away.")
        shutil.rmtree(VENV)
    command = [sys.executable, "-m", "venv", "--without-pip", str(VENV)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        raise BootstrapError(explain(done.stdout + done.stderr, "A virtual environment", None))


def choose_installer() -> List[str]:
    """`uv pip install` where uv works, else pip inside .venv, put there if it is missing."""
    uv = shutil.which("uv")
    if uv and runs([uv, "--version"]):
        # Compiled now, as pip does: where Python may not write, each start would compile all.
        return [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    pip = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
    ]
    # Debian leaves ensurepip out of its Python.
    ways = (["-m", "pip", "--version"], ["-m", "ensurepip", "--default-pip"])
    if not any(runs([str(PYTHON), *way]) for way in ways):
        fetch_pip()
    return pip


def fetch_pip() -> None:
    """Fetch the pip named in requirements/pip.txt and let it install itself."""
    locked = (ROOT / "requirements" / "pip.txt").read_text()
    version, digest = re.findall(r"pip==(\S+).*?sha256:(\w+)", locked, re.DOTALL)[0]
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
    say("Fetching pip, which this Python comes without…")
    try:
        wheel = download_wheel(index + "/pip/", f"pip-{version}-py3-none-any.whl")
    except (OSError, ValueError, KeyError, StopIteration) as error:
        raise BootstrapError(
            f"This Python comes without pip, and pip can't be fetched from {index} ({error}): "
            "install python3-venv, or start again with the network."
        ) from None
    if hashlib.sha256(wheel).hexdigest() != digest:
        raise BootstrapError(f"The pip that {index} offers is not the one that was locked.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"pip-{version}-py3-none-any.whl"
        path.write_bytes(wheel)
        run([str(PYTHON), f"{path}/pip", "install", "--no-index", str(path)], "pip")


def download_wheel(page: str, name: str) -> bytes:
    """One file that a package index lists on a page in its JSON form (PEP 691)."""
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with urlopen(Request(page, headers=accept), timeout=60) as answer:
        listed = json.load(answer)["files"]
    url = next(file["url"] for file in listed if file["filename"] == name)
    with urlopen(urljoin(page, url), timeout=60) as answer:
        content = answer.read()
    return bytes(content)


def install_packages(installer: List[str], requirements: Path) -> None:
    names = set(re.findall(r"^([\w.-]+)==", requirements.read_text(), re.MULTILINE))
    say(f"Installing {len(names)} packages…")
    locked = ["--require-hashes", "--no-deps", "-r", str(requirements)]
    run([*installer, *locked], "The packages")


def install_project(installer: List[str]) -> None:
    current = is_front_end_current()
    say("Installing Frontdesk itself…" if current else "Building the widget and the pages' style…")
    run([*installer, "--no-deps", "--editable", str(ROOT)], "Frontdesk itself")


def build_front_end() -> None:
    if is_front_end_current():
        return
    with one_at_a_time():
        say("Building the widget and the pages' style…")
        run([str(PYTHON), str(ROOT / "hatch_build.py")], "The front end")


def is_front_end_current() -> bool:
    """As the build itself sees it."""
    spec = importlib.util.spec_from_file_location("hatch_build", str(ROOT / "hatch_build.py"))
    if spec is None or spec.loader is None:
        raise BootstrapError(f"{ROOT / 'hatch_build.py'} can't be read.")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return bool(build.is_skipped() or build.is_current())


def runs(command: List[str]) -> bool:
    """Whether the command ends well; what it says is of no interest."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=clean_environment())
    except OSError:
        return False
    return done.returncode == 0


def run(command: List[str], what: str) -> None:
    """Run it with its output in the log, showing on a terminal that time passes."""
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        began = log.tell()
        environment = clean_environment()
        with subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process:
            show_passing_time(process)
    if process.returncode != 0:
        output = LOG.read_bytes()[began:].decode(errors="replace")
        raise BootstrapError(explain(output, what, LOG))


def show_passing_time(process: "subprocess.Popen[bytes]") -> None:
    began = time.monotonic()
    while process.poll() is None:
        time.sleep(0.1)
        if sys.stdout.isatty():
            print(f"  {time.monotonic() - began:.0f} s", end="\r", flush=True)


def clean_environment() -> Dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in MISLEADING}


def explain(output: str, what: str, log: Optional[Path]) -> str:
    """The likely cause in one sentence; the log, where there is one, has the rest."""
    rest = f" (all of it is in {log})" if log else ""
    for pattern, cause in CAUSES:
        if re.search(pattern, output):
            return f"{what} could not be installed: {cause}{rest}."
    # The build of the front end tells its faults in such sentences, and the cause below them.
    told = re.search(
        r"^[ \t]*(The front end\b[^\n]*[^\n:]):?(?:\s+([^\n]+))?", output, re.MULTILINE
    )
    if told:
        cause = f" ({told[2]})" if told[2] else ""
        return f"{told[1].rstrip('.')}{cause}{rest}."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    lines = [line for line in lines if re.search("error", line, re.IGNORECASE)] or lines
    reason = lines[-1].rstrip(".") if lines else "it gave no reason"
    return f"{what} could not be installed: {reason}{rest}."


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
