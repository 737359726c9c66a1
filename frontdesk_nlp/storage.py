"""The stored form of an engine: a JSON header, then plain arrays. No pickle, nothing runs."""

import json
import struct
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

MAGIC = b"FDNLP\x00\x00\x02"
# What comes before the header: the magic, the header's length, a checksum of all that follows.
_PREAMBLE = struct.Struct("<8sII")
_ALIGNMENT = 8
_TYPES = {"u1", "i1", "u2", "i2", "u4", "i4", "f4"}


class BrokenEngineError(ValueError):
    """The bytes are not an engine this version can read."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return one block of bytes; equal input gives equal bytes on every machine."""
    listed: list[tuple[str, str, list[int], int]] = []
    parts: list[bytes] = []
    offset = 0
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        kind = array.dtype.str.lstrip("<|>=")
        raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        raw += bytes(-len(raw) % _ALIGNMENT)
        listed.append((name, kind, list(array.shape), offset))
        parts.append(raw)
        offset += len(raw)
    text = json.dumps({**header, "arrays": listed}, ensure_ascii=True, sort_keys=True,
                      separators=(",", ":")).encode("ascii")  # fmt: skip
    text += b" " * (-len(text) % _ALIGNMENT)
    body = b"".join([text, *parts])
    return _PREAMBLE.pack(MAGIC, len(text), crc32(body)) + body


def unpack(data: bytes | memoryview) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return header and arrays; the arrays are read-only views of `data`, which may be mapped.

    Raises BrokenEngineError for anything `pack` did not write.
    """
    view = memoryview(data)
    if len(view) < _PREAMBLE.size or bytes(view[: len(MAGIC)]) != MAGIC:
        raise BrokenEngineError("not an engine, or one of another version")
    _, length, checksum = _PREAMBLE.unpack(view[: _PREAMBLE.size])
    body = view[_PREAMBLE.size :]
    if crc32(body) != checksum:
        raise BrokenEngineError("the stored engine is damaged")
    try:
        header = json.loads(bytes(body[:length]))
        arrays = {
            name: _read_array(body[length:], kind, shape, offset)
            for name, kind, shape, offset in header.pop("arrays")
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BrokenEngineError("the stored engine is damaged") from error
    return header, arrays


def _read_array(view: memoryview, kind: str, shape: list[int], offset: int) -> NDArray[Any]:
    if kind not in _TYPES or any(not isinstance(n, int) or n < 0 for n in [*shape, offset]):
        raise BrokenEngineError("the stored engine has an array of an unknown kind")
    count = int(np.prod(shape, dtype=np.int64))
    array = np.frombuffer(view, dtype=np.dtype("<" + kind), count=count, offset=offset)
    return array.reshape(shape)
