"""From a checkout to a .venv that holds what Frontdesk needs, and one sentence when it can't be."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import bootstrap

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPT = CHECKOUT / "scripts" / "bootstrap.py"

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "frontdesk"
version = "0.1"
"""
# Installs one program called frontdesk; needs no package index.
BACKEND = """
import zipfile, pathlib
def build_editable(folder, config_settings=None, metadata_directory=None):
    name, info = "frontdesk-0.1-py3-none-any.whl", "frontdesk-0.1.dist-info"
    files = {
        "frontdesk_program.py": "def main(): print('hello')",
        info + "/METADATA": "Metadata-Version: 2.1\\nName: frontdesk\\nVersion: 0.1\\n",
        info + "/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        info + "/entry_points.txt": "[console_scripts]\\nfrontdesk = frontdesk_program:main\\n",
    }
    files[info + "/RECORD"] = "".join(f"{file},,\\n" for file in [*files, info + "/RECORD"])
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return name
build_wheel = build_editable
"""
# Counts how often it was told to build; current unless a file says that the sources changed.
FRONT_END = """
from pathlib import Path
HERE = Path(__file__).resolve().parent
def is_skipped(): return False
def is_current(): return not (HERE / "changed").exists()
if __name__ == "__main__":
    (HERE / "changed").unlink()
    print("built")
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small project with the real script, that can be installed without a package index."""
    root = tmp_path / "checkout"
    (root / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPT, root / "scripts" / "bootstrap.py")
    (root / "requirements").mkdir()
    for kind in ("run", "dev", "pip"):
        (root / "requirements" / f"{kind}.txt").write_text(f"# {kind}\n")
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "backend.py").write_text(BACKEND)
    (root / "hatch_build.py").write_text(FRONT_END)
    return root


def make(checkout: Path, *arguments: str, path: str | None = None) -> str:
    """Run it, with a PATH that has no uv; what it said."""
    done = subprocess.run(
        [sys.executable, str(checkout / "scripts" / "bootstrap.py"), *arguments],
        env=os.environ | {"PATH": path or "/usr/bin:/bin", "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    log = checkout / ".venv" / "install.log"
    assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")
    return done.stdout


def test_each_start_does_only_what_has_changed(checkout: Path) -> None:
    assert "Making .venv" in make(checkout)
    program = checkout / ".venv" / "bin" / "frontdesk"
    assert subprocess.check_output([program], text=True) == "hello\n"

    log = checkout / ".venv" / "install.log"
    before = log.stat().st_mtime_ns
    assert make(checkout) == ""
    assert log.stat().st_mtime_ns == before

    (checkout / "changed").touch()
    said = make(checkout)
    assert "Building" in said
    assert "Installing" not in said
    assert not (checkout / "changed").exists()

    (checkout / "pyproject.toml").write_text(PROJECT + "# changed\n")
    said = make(checkout)
    assert "Frontdesk itself" in said
    assert "packages" not in said

    # Tools for development stay once they were asked for.
    assert "packages" in make(checkout, "--dev")
    assert make(checkout) == ""
    stamp = json.loads((checkout / ".venv" / "frontdesk-install.json").read_text())
    assert stamp["dev"] is True

    (checkout / "requirements" / "run.txt").write_text("# changed\n")
    assert "packages" in make(checkout)


def test_the_environment_of_a_moved_checkout_is_made_again(checkout: Path) -> None:
    make(checkout)
    moved = checkout.rename(checkout.with_name("moved"))
    assert "Making .venv" in make(moved)
    assert subprocess.check_output([moved / ".venv" / "bin" / "frontdesk"], text=True) == "hello\n"


def test_an_environment_whose_python_is_gone_is_not_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    monkeypatch.setattr(bootstrap, "PYTHON", python)
    assert not bootstrap.has_usable_venv()
    python.symlink_to(sys.executable)
    assert bootstrap.has_usable_venv()
    python.unlink()
    python.symlink_to("/no/such/python")
    assert not bootstrap.has_usable_venv()


def test_a_folder_that_is_no_environment_is_left_alone(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "letter.txt").write_text("Dear reader")
    done = subprocess.run(
        [sys.executable, str(checkout / "scripts" / "bootstrap.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "not a virtual environment" in done.stderr
    assert (checkout / ".venv" / "letter.txt").read_text() == "Dear reader"


def test_a_package_that_can_not_be_had_is_told_with_the_log(checkout: Path) -> None:
    digest = "0" * 64
    (checkout / "requirements" / "run.txt").write_text(f"absent==1 --hash=sha256:{digest}\n")
    done = subprocess.run(
        [sys.executable, str(checkout / "scripts" / "bootstrap.py")],
        env=os.environ | {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("bootstrap: The packages could not be installed")
    assert str(checkout / ".venv" / "install.log") in done.stderr


def test_python_3_6_understands_the_script() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 6))


def test_an_old_python_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setenv("PATH", "")
    assert bootstrap.main([]) == 1
    assert capsys.readouterr().err == "Python 3.11 or newer is needed, this is 3.9.\n"


def test_a_newer_python_on_the_path_is_used_if_it_really_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = tmp_path / "python3.13", tmp_path / "python3.12"
    broken.write_text("#!/bin/sh\nexit 127\n")
    sound.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for path in (broken, sound):
        path.chmod(0o755)
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda path, arguments: started.append(arguments))
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    bootstrap.main(["--dev"])
    assert started == [[str(sound), str(SCRIPT), "--dev"]]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("Temporary failure in name resolution", "the first start needs the network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that was locked"),
        (
            " [2 lines]\n  The front end's packages could not be fetched:\n  npm error code E500",
            "The front end's packages could not be fetched (npm error code E500)",
        ),
        ("one\nERROR: a strange thing\ntwo\n", "ERROR: a strange thing"),
        ("", "no reason"),
    ],
)
def test_the_cause_is_found_in_what_the_installer_said(output: str, sentence: str) -> None:
    told = bootstrap.explain(output, "The packages", Path("install.log"))
    assert sentence in told
    assert "install.log" in told
    assert "\n" not in told


def test_locked_requirements_are_those_of_the_lock_file() -> None:
    """`make lock` writes both; one without the other would install something else than uv does."""
    locked = (CHECKOUT / "uv.lock").read_text()
    for kind in ("run", "dev"):
        text = (CHECKOUT / "requirements" / f"{kind}.txt").read_text()
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE):
            assert f'name = "{name}"\nversion = "{version}"' in locked, f"{name} in {kind}.txt"
