"""`manifest.json`: what a capsule says of itself. Described in docs/capsule.md."""

import hashlib
import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from frontdesk.clients.capsules.refusals import BrokenCapsule
from frontdesk.clients.models import CLIENT_ID_PREFIX

FORMAT = 1
MEMBER = "manifest.json"

# Columns of the client's row that go with the client, wherever it goes; `id` is `schema_name`.
CLIENT_COLUMNS = (
    *("name", "email", "legal_name", "address", "country", "phone", "website"),
    "allowed_origins",
)
# What the public schema knows of a client and stays behind: it belongs to the install, to its
# billing or to people who sign in there.
LEFT_TO_THE_INSTALL = (
    *("client.closing_at", "client.created_at", "client.has_api_access", "client.id"),
    *("client.limit_analytics_days", "client.limit_faqs", "client.limit_flows"),
    *("client.limit_forms", "client.limit_members", "client.limit_messages"),
    *("client.paused_at", "client.schema_fingerprint", "client.shows_branding"),
    *("domains", "memberships", "usage"),
)

_Size = Annotated[int, Field(ge=0)]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ClientPart(_Part):
    id: Annotated[str, Field(pattern=rf"^{CLIENT_ID_PREFIX}[a-z0-9_]{{1,56}}$")]
    status: Literal["active", "paused", "closing"]
    name: str
    email: str
    legal_name: str
    address: str
    country: str
    phone: str
    website: str
    allowed_origins: list[str]


class SchemaPart(_Part):
    fingerprint: _Hash
    migrations: Annotated[list[str], Field(min_length=1)]


class TablePart(_Part):
    columns: list[str]
    rows: _Size
    bytes: _Size
    sha256: _Hash


class LeftOut(_Part):
    install: list[str]
    secrets: list[str]


class Manifest(_Part):
    format: Literal[1]
    client: ClientPart
    schema_: Annotated[SchemaPart, Field(alias="schema")]
    tables: dict[str, TablePart]
    left_out: LeftOut

    def as_bytes(self) -> bytes:
        content = self.model_dump(by_alias=True)
        text = json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False)
        return text.encode() + b"\n"


def read_manifest(written: bytes) -> Manifest:
    """Raises BrokenCapsule."""
    try:
        return Manifest.model_validate_json(written)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:200]
        told = f"{where}: {first['msg']}" if where else first["msg"]
        raise BrokenCapsule(f"The capsule's manifest can't be used ({told}).") from None


def member_of(table: str) -> str:
    """The member that holds a table's rows. Sorts before the manifest, which is written last."""
    return f"data/{table}.copy"


def fingerprint_of(migrations: list[str]) -> str:
    """As `clients.provisioning.fingerprint`, of any state."""
    return hashlib.sha256("\n".join(sorted(migrations)).encode()).hexdigest()
