"""Opening a capsule and checking that it is whole, before anything is done with it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from frontdesk.clients.capsules.container import Container
from frontdesk.clients.capsules.manifest import (
    MEMBER,
    Manifest,
    fingerprint_of,
    member_of,
    read_manifest,
)
from frontdesk.clients.capsules.refusals import BrokenCapsule


class Capsule:
    """A whole one: every member that the manifest names is there, with the hash it names."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self.manifest: Manifest = read_manifest(container.read(MEMBER))
        self._check_members()
        for table in self.manifest.tables:
            for _ in self.rows_of(table):
                pass

    def rows_of(self, table: str) -> Iterator[bytes]:
        """A table's rows as PostgreSQL's COPY reads them.

        Raises BrokenCapsule at the end when they are not what the manifest says.
        """
        told, digest = self.manifest.tables[table], hashlib.sha256()
        for piece in self._container.pieces(member_of(table)):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != told.sha256:
            raise BrokenCapsule(f"The capsule is damaged: {table} is not what its manifest says.")

    def _check_members(self) -> None:
        told = {member_of(name): table.bytes for name, table in self.manifest.tables.items()}
        found = self._container.sizes()
        found.pop(MEMBER)
        if found != told:
            raise BrokenCapsule("The capsule's members are not those that its manifest names.")
        schema = self.manifest.schema_
        if fingerprint_of(schema.migrations) != schema.fingerprint:
            raise BrokenCapsule("The capsule's manifest contradicts itself on its migrations.")


@contextmanager
def opened(file: BinaryIO) -> Iterator[Capsule]:
    """A checked capsule; raises BrokenCapsule. The file must allow seeking."""
    with Container(file) as container:
        yield Capsule(container)
