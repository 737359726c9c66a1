"""The file itself: a zip whose bytes depend on its content alone, written and read as a stream."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import BinaryIO, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from frontdesk.clients.capsules.refusals import BrokenCapsule

_PIECE = 256 * 1024
# Half a level more would save a tenth of the bytes for twice the time.
_LEVEL = 4

_MEMBERS_MOST = 1_000
_MANIFEST_MOST = 4 * 1024 * 1024
# What a file of few bytes may grow to when opened. Deflate alone could make it 1,032 times.
_GROWTH_MOST = 300
_GROWTH_FREE = 256 * 1024 * 1024

_UNREADABLE = (
    BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def pack(members: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """The zip of the members, in their order, each taken up when the one before is written.

    Names are all that a member has: no time, owner or mode of the machine that writes.
    """
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:  # type: ignore[call-overload]
        for name, content in members:
            with archive.open(name, "w", force_zip64=True) as member:
                for piece in content:
                    member.write(piece)
                    if sink.size >= _PIECE:
                        yield sink.take()
    yield sink.take()


class _Sink:
    """A file that can only be written to, and is emptied by `take`."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces, self.size = [], 0
        return taken


class Container:
    """A capsule's file, opened; whatever is wrong with it is told as BrokenCapsule.

    Nothing is ever unpacked to disk, so names of members lead nowhere.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __enter__(self) -> Self:
        try:
            self._zip = ZipFile(self._file)
        except _UNREADABLE:
            raise BrokenCapsule("This file is not a capsule, or its end is missing.") from None
        self._check_sizes()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def sizes(self) -> dict[str, int]:
        """Bytes of each member when opened, by name."""
        return {member.filename: member.file_size for member in self._zip.infolist()}

    def read(self, name: str) -> bytes:
        """A small member at once."""
        if self.sizes().get(name, _MANIFEST_MOST + 1) > _MANIFEST_MOST:
            raise BrokenCapsule(f"This file is not a capsule: it has no usable {name}.")
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        try:
            with self._zip.open(name) as member:
                while piece := member.read(_PIECE):
                    yield piece
        except _UNREADABLE:
            raise BrokenCapsule(f"The capsule is damaged in {name}.") from None

    def _check_sizes(self) -> None:
        members = self._zip.infolist()
        if len(members) > _MEMBERS_MOST or len(self.sizes()) != len(members):
            raise BrokenCapsule("This file is not a capsule: it has members that none has.")
        if any(member.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for member in members):
            raise BrokenCapsule("This file is not a capsule: it is packed another way.")
        opened = sum(member.file_size for member in members)
        if opened > max(_GROWTH_FREE, _GROWTH_MOST * self._file.seek(0, 2)):
            raise BrokenCapsule("This file is not a capsule: it would grow out of all measure.")
