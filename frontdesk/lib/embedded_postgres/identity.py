"""Whom the server runs as: PostgreSQL refuses to run as the super-user."""

import os
import pwd
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from frontdesk.lib.embedded_postgres.errors import EmbeddedPostgresError

UNPRIVILEGED_USER = "nobody"


class ProcessOptions(TypedDict, total=False):
    """Arguments of ``subprocess.Popen`` that set the folder and the user of a process."""

    cwd: Path
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Identity:
    """A user of this machine, and whether this process has to become that user first."""

    uid: int
    gid: int
    drops_privileges: bool

    def process_options(self, folder: Path) -> ProcessOptions:
        """Start a process in ``folder`` as this user; the folder is entered before the change."""
        if not self.drops_privileges:
            return {"cwd": folder}
        return {"cwd": folder, "user": self.uid, "group": self.gid, "extra_groups": []}

    def path_from_inside(self, folder: Path) -> str:
        """Name a folder to a process that stands in it.

        An unprivileged user may not be allowed through the folders above; the link that Linux
        keeps to the working folder asks for no permission on them.
        """
        if self.drops_privileges and sys.platform == "linux":
            return "/proc/self/cwd"
        return str(folder)

    def own(self, path: Path) -> None:
        if self.drops_privileges:
            os.chown(path, self.uid, self.gid)


def identity_for(cluster: Path) -> Identity:
    """This user; for root the owner of the database or of its folder, else ``nobody``.

    Raises EmbeddedPostgresError when the database belongs to someone this process can't become.
    """
    if os.geteuid() != 0:
        _check_owner(cluster)
        return Identity(os.geteuid(), os.getegid(), drops_privileges=False)
    if cluster.exists() and cluster.stat().st_uid == 0:
        raise EmbeddedPostgresError(
            f"{cluster} belongs to root, and PostgreSQL does not run as root: give it to an "
            f"ordinary user, for example with chown -R {UNPRIVILEGED_USER} {cluster}"
        )
    owners = [path.stat() for path in (cluster, cluster.parent) if path.exists()]
    for owner in owners:
        # Making a new database takes a user with a name; serving one does not.
        if owner.st_uid != 0 and (cluster.exists() or _name(owner.st_uid)):
            return Identity(owner.st_uid, owner.st_gid, drops_privileges=True)
    return _unprivileged()


def give_to_owner_of_folder(path: Path) -> None:
    """What root creates in an ordinary user's folder is that user's."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _check_owner(cluster: Path) -> None:
    if not cluster.exists() or (owner := cluster.stat().st_uid) == os.geteuid():
        return
    raise EmbeddedPostgresError(
        f"{cluster} belongs to the user {_name(owner) or owner}: run Frontdesk as that "
        "user (or as root), or choose another folder with FRONTDESK_DATA."
    )


def _unprivileged() -> Identity:
    try:
        user = pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root and this machine has no user {UNPRIVILEGED_USER}: "
            "run Frontdesk as an ordinary user, or set DATABASE_URL."
        ) from None
    return Identity(user.pw_uid, user.pw_gid, drops_privileges=True)


def _name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
