"""One file holds one client entirely, brings it back exactly, and touches nobody else."""

import hashlib
import importlib
import io
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings as DjangoSettings

from frontdesk.accounts.operator_keys import make_operator_key
from frontdesk.bot import demo_content
from frontdesk.bot.importing import import_faqs
from frontdesk.bot.models import Faq, Synonym
from frontdesk.bot.models import Settings as BotSettings
from frontdesk.bot.publishing import publish
from frontdesk.clients import lifecycle
from frontdesk.clients.capsules import container, importing
from frontdesk.clients.capsules.exporting import export
from frontdesk.clients.capsules.importing import import_capsule, restore
from frontdesk.clients.capsules.manifest import CLIENT_COLUMNS, LEFT_TO_THE_INSTALL
from frontdesk.clients.capsules.refusals import (
    BrokenCapsule,
    ClientBusy,
    NewerCapsule,
    OtherClientsCapsule,
)
from frontdesk.clients.context import client_context
from frontdesk.clients.lifecycle import ClientExists
from frontdesk.clients.models import Client, Membership, Usage
from frontdesk.clients.provisioning import fingerprint
from frontdesk.clients.resolving import ClientNotFound, by_id
from frontdesk.conversations.models import Conversation, Message
from frontdesk.events.models import Event
from frontdesk.lib.refusals import InvalidRequest
from frontdesk.visitor_forms.opening import contact_form
from tests.clients.test_crash_safety import database_url
from tests.conftest import OpenClient, Visitor, at_once

_ROOT = Path(__file__).parents[2]

Change = Callable[[dict[str, Any], dict[str, bytes]], None]


def capsule_of(client: Client) -> bytes:
    return b"".join(export(client))


def file(capsule: bytes) -> io.BytesIO:
    return io.BytesIO(capsule)


def members_of(capsule: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(file(capsule)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def manifest_of(capsule: bytes) -> Any:
    return json.loads(members_of(capsule)["manifest.json"])


def rebuilt(capsule: bytes, change: Change) -> bytes:
    """The capsule with its manifest and members changed, and hashes that fit again."""
    members = members_of(capsule)
    manifest = json.loads(members.pop("manifest.json"))
    for name, table in manifest["tables"].items():
        table["member"] = f"data/{name}.copy"
    change(manifest, members)
    for table in manifest["tables"].values():
        content = members.get(table.pop("member", ""), b"")
        table["bytes"], table["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    return packed(members | {"manifest.json": json.dumps(manifest).encode()})


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def sql(query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return list(cursor.fetchall()) if cursor.description else []


def tables_of(client: Client) -> list[str]:
    found = sql("SELECT tablename FROM pg_tables WHERE schemaname = %s", client.schema_name)
    return sorted(row[0] for row in found)


def checksum(client: Client) -> str:
    """Of everything in the client's schema, and of which tables those are."""
    told = [
        sql(
            f"SELECT %s, %s::regclass::oid, md5(string_agg(t::text, chr(10) ORDER BY t::text)) "
            f'FROM {client.schema_name}."{table}" t',
            table,
            f'{client.schema_name}."{table}"',
        )
        for table in tables_of(client)
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def everything() -> tuple[set[str], set[str], str]:
    """What must be as before when something was refused."""
    schemas = {row[0] for row in sql("SELECT nspname FROM pg_namespace")}
    clients = {repr(row) for row in sql("SELECT t::text FROM clients_client t")}
    served = sorted(Client.objects.values_list("schema_name", flat=True))
    return schemas, clients, "".join(checksum(by_id(name)) for name in served)


@pytest.fixture
def plain(open_client: OpenClient) -> Client:
    """A client as it is just after it was opened."""
    return open_client("plain")


@pytest.fixture
def greenleaf(open_client: OpenClient) -> Client:
    """The demo plant shop after two visitors: a question, a handoff, a submission."""
    demo_content.load("greenleaf")
    client = by_id("tenant_greenleaf")
    lifecycle.change(client, allowed_origins=["http://localhost", "https://greenleaf.example"])
    talk(client)
    talk(client, question="qwertyuiop asdfgh")
    return client


def talk(client: Client, question: str = "do you deliver?") -> Visitor:
    visitor = Visitor(client)
    assert visitor.start(page_url="https://greenleaf.example/?a=1").status_code == 201
    assert visitor.say(question).status_code == 200
    offered = press_handoff(client, visitor)
    clicked = {"id": str(uuid.uuid4()), "kind": "handoff_clicked", "reference": offered}
    assert visitor.call("POST", "events", {"events": [clicked]}).json() == {"accepted": 1}
    fill_in(client, visitor)
    return visitor


def press_handoff(client: Client, visitor: Visitor) -> str:
    with client_context(client):
        options = BotSettings.objects.get().options
    handoff = next(option for option in options if option["kind"] == "handoff")
    answered = visitor.press(handoff["id"]).json()["messages"]
    return str(next(said["handoff"]["reference"] for said in answered if "handoff" in said))


def fill_in(client: Client, visitor: Visitor) -> None:
    with client_context(client):
        form = contact_form()
    values = {"name": "Zoë 🌱", "email": "zoe@visitor.example", "message": "a\tb\n\\. c"}
    values |= {field["name"]: "x" for field in form.fields if field["name"] not in values}
    values.pop("phone", None)
    sent = {"id": str(uuid.uuid4()), "values": values, "conversation_id": visitor.conversation}
    path = f"forms/{form.pk}/submissions"
    assert visitor.call("POST", path, sent | {"page_url": "", "locale": "en"}).status_code == 201


def test_a_capsule_comes_back_the_same(greenleaf: Client) -> None:
    capsule = capsule_of(greenleaf)
    other = import_capsule(file(capsule), slug="other")
    assert other.schema_name == "tenant_other"
    assert other.pk != greenleaf.pk
    before, after = members_of(capsule), members_of(capsule_of(other))
    manifest = json.loads(before["manifest.json"])
    assert all(table["rows"] for table in manifest["tables"].values())
    assert set(manifest["tables"]) == set(tables_of(greenleaf)) - {"django_migrations"}
    manifest["client"]["id"] = "tenant_other"
    assert json.loads(after.pop("manifest.json")) == manifest
    before.pop("manifest.json")
    assert after == before
    assert tables_of(other) == tables_of(greenleaf)


def test_the_same_content_gives_the_same_bytes(greenleaf: Client) -> None:
    capsule = capsule_of(greenleaf)
    assert capsule_of(greenleaf) == capsule
    with zipfile.ZipFile(file(capsule)) as archive:
        members = archive.infolist()
    assert [member.filename for member in members] == sorted(member.filename for member in members)
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}


def test_an_imported_client_goes_on(greenleaf: Client) -> None:
    visitor = talk(greenleaf)
    other = import_capsule(file(capsule_of(greenleaf)), slug="tenant_other")
    with client_context(greenleaf):
        said = Message.objects.count()
    talk(other)
    with client_context(other):
        assert Message.objects.count() > said
        assert Conversation.objects.filter(pk=visitor.conversation).exists()
    with client_context(greenleaf):
        assert Message.objects.count() == said
    # What opens a conversation of one client opens none of the other, though it is there too.
    stranger = Visitor(other, conversation=visitor.conversation, token=visitor.token)
    assert stranger.read().json()["code"] == "token_invalid"


def test_numbers_go_on_after_the_highest(greenleaf: Client) -> None:
    with client_context(greenleaf):
        event = Event.objects.create(pk=5_000_000_000, kind="faq_clicked", subject_id=uuid.uuid4())
        Synonym.objects.all().delete()
    other = import_capsule(file(capsule_of(greenleaf)), slug="other")
    with client_context(other):
        added = Event.objects.create(kind="faq_clicked", subject_id=uuid.uuid4())
        assert added.pk == event.pk + 1
        assert Synonym.objects.create(terms=["a", "b"]).pk == 1


@pytest.mark.parametrize("status", ["active", "paused", "closing"])
def test_what_goes_with_a_client_and_what_stays(open_client: OpenClient, status: str) -> None:
    client = open_client("moving")
    lifecycle.change(
        client,
        legal_name="Moving Ltd",
        address="1 Long Road\nÅrhus",
        phone="+45 12 34 56 78",
        website="https://moving.example/",
        allowed_origins=["https://moving.example"],
        limit_faqs=7,
        shows_branding=False,
    )
    {"active": lifecycle.resume, "paused": lifecycle.pause, "closing": lifecycle.close}[status](
        client
    )
    Usage.objects.create(client=client, month="2027-01-01", messages=3)
    other = import_capsule(file(capsule_of(client)), slug="other")
    other.refresh_from_db()
    for name in CLIENT_COLUMNS:
        assert getattr(other, name) == getattr(client, name), name
    assert other.status == ("active" if status == "active" else "paused")
    assert (other.paused_at is None) == (status == "active")
    assert other.closing_at is None
    assert (other.limit_faqs, other.shows_branding) == (None, True)
    assert not Usage.objects.filter(client=other).exists()
    assert other.schema_fingerprint == fingerprint()


def test_every_column_of_a_client_is_decided_on() -> None:
    columns = {field.name for field in Client._meta.concrete_fields}
    left = {name.removeprefix("client.") for name in LEFT_TO_THE_INSTALL if "." in name}
    assert columns == {"schema_name", "status", *CLIENT_COLUMNS} | left
    related = {relation.get_accessor_name() for relation in Client._meta.related_objects}
    assert related == {name for name in LEFT_TO_THE_INSTALL if "." not in name}
    assert Membership._meta.get_field("client").remote_field.name == "memberships"


def test_an_id_that_is_there_is_refused(greenleaf: Client) -> None:
    capsule, before = capsule_of(greenleaf), everything()
    for slug in ("", "south"):
        with pytest.raises(ClientExists, match="is there already"):
            import_capsule(file(capsule), slug=slug)
    with pytest.raises(InvalidRequest, match="can't be a client's ID"):
        import_capsule(file(capsule), slug="../South")
    assert everything() == before


def test_imports_at_once_under_one_id_make_one(greenleaf: Client) -> None:
    capsule = capsule_of(greenleaf)

    def act(number: int) -> str:
        try:
            return str(import_capsule(file(capsule), slug="other").schema_name)
        except ClientExists:
            return "refused"

    assert sorted(at_once(3, act)) == ["refused", "refused", "tenant_other"]
    assert members_of(capsule_of(by_id("tenant_other")))


def _row_of(manifest: dict[str, Any], members: dict[str, bytes], table: str, row: bytes) -> None:
    manifest["tables"][table]["rows"] += 1
    members[f"data/{table}.copy"] += row


def _rename(name: str, other: str) -> Change:
    def change(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        manifest["tables"][other] = manifest["tables"].pop(name)

    return change


def _set(*path: str, to: Any) -> Change:
    def change(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        place: Any = manifest
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


def _add_member(name: str) -> Change:
    return lambda manifest, members: members.update({name: b"x"})


def _add_row(table: str, row: bytes) -> Change:
    return lambda manifest, members: _row_of(manifest, members, table, row)


def _more_rows(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["tables"]["bot_faq"]["rows"] += 1


def _end_early(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    name = "data/bot_publication.copy"
    members[name] = b"\\.\n" + members[name]


def _migrations(names: list[str]) -> Change:
    def change(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        told = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
        manifest["schema"] = {"migrations": names, "fingerprint": told}

    return change


def _drop_member(name: str) -> Change:
    def change(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        del members[name]

    return change


FORGERIES: dict[str, Change] = {
    "a format to come": _set("format", to=2),
    "a member of the manifest too many": _set("client", "is_staff", to=True),
    "a member of the manifest missing": lambda manifest, _: manifest["client"].pop("email"),
    "an ID that is a path": _set("client", "id", to="../../etc"),
    "an ID that is SQL": _set("client", "id", to='tenant_a"; DROP SCHEMA public'),
    "an e-mail that is none": _set("client", "email", to="nobody"),
    "a name that can't be stored": _set("client", "name", to="a\x00b"),
    "a name that is too long": _set("client", "name", to="x" * 121),
    "an origin that is none": _set("client", "allowed_origins", to=["javascript:alert(1)"]),
    "a table of another schema": _rename("bot_faq", "public.clients_client"),
    "the table of migrations": _rename("bot_faq", "django_migrations"),
    "a table that leads away": _rename("bot_faq", "../../../tmp/x"),
    "a column that is SQL": _set("tables", "bot_synonym", "columns", to=["id", 'terms") FROM x']),
    "a column twice": _set("tables", "bot_synonym", "columns", to=["id", "id", "terms"]),
    "a column missing": _set("tables", "bot_synonym", "columns", to=["id"]),
    "a table missing": lambda manifest, members: (
        manifest["tables"].pop("bot_synonym"),
        members.pop("data/bot_synonym.copy"),
    )[0],
    "a member too many": _add_member("data/../../evil.py"),
    "a member missing": _drop_member("data/bot_faq.copy"),
    "a row too few": _more_rows,
    "rows behind the end": _end_early,
    "a row of another shape": _add_row("bot_synonym", b"7\n"),
    "a value of another type": _add_row("bot_synonym", b"seven\t{a}\n"),
    "a key twice": _add_row("bot_synonym", b"900\t{a}\n900\t{b}\n"),
    "a check that fails": _add_row("bot_settings", b"2" + b"\t{}" * 7 + b"\n"),
    "a byte that is no text": _add_row("bot_synonym", b"901\t{\xff}\n"),
    "a reference to nothing": _add_row(
        "conversations_handoff",
        b"\\N\t6f9619ff-8b86-d011-b42d-00cf4fc964ff\thandoff\t6f9619ff-8b86-d011-b42d-00cf4fc964ff"
        b"\tlink\t2027-01-01 00:00:00+00\tFD-222222\n",
    ),
    "migrations that contradict": _set("schema", "migrations", to=["bot.0001_initial"]),
    "migrations without their tables": _migrations(["bot.0001_initial"]),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_capsule_is_refused(plain: Client, forgery: str) -> None:
    capsule = capsule_of(plain)
    assert manifest_of(rebuilt(capsule, lambda *_: None)) == manifest_of(capsule)
    refuse_everywhere(plain, rebuilt(capsule, FORGERIES[forgery]))


def refuse_everywhere(client: Client, capsule: bytes) -> None:
    before = everything()
    for act in (
        lambda: import_capsule(file(capsule), slug="other"),
        lambda: restore(client, file(capsule)),
    ):
        with pytest.raises((BrokenCapsule, OtherClientsCapsule)) as refused:
            act()
        told = refused.value.detail
        assert told.endswith(".")
        assert "\n" not in told
    assert everything() == before


def _flipped(capsule: bytes) -> bytes:
    """One bit of what is packed changed: the zip's own check finds it."""
    at = capsule.index(b"data/bot_publication.copy") + 200
    return capsule[:at] + bytes([capsule[at] ^ 1]) + capsule[at + 1 :]


def _tampered(capsule: bytes) -> bytes:
    """A row changed, the zip made anew: the manifest's hash finds it."""
    members = members_of(capsule)
    name = "data/bot_publication.copy"
    members[name] = members[name].replace(b"e", b"3", 1)
    return packed(members)


def _bomb(capsule: bytes) -> bytes:
    return packed(members_of(capsule) | {"data/bomb.copy": bytes(300 * 1024 * 1024)})


def _twice(capsule: bytes) -> bytes:
    out = io.BytesIO(capsule)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("data/bot_faq.copy", b"")
    return out.getvalue()


def _encrypted(capsule: bytes) -> bytes:
    """The flag of encryption set in both places where a zip has it."""
    changed = bytearray(capsule)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := changed.find(mark, at + 1)) >= 0:
            changed[at + offset] |= 1
    return bytes(changed)


def _huge_manifest(capsule: bytes) -> bytes:
    return packed(members_of(capsule) | {"manifest.json": b" " * 5_000_000})


def _directory_ends_wrong(capsule: bytes) -> bytes:
    at = capsule.rindex(b"PK\x05\x06")
    return capsule[: at + 16] + struct.pack("<L", 0xFFFFFF) + capsule[at + 20 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "not a zip": lambda _: b"name,email\nNorth,owner@north.example\n" * 100,
    "a zip of something else": lambda _: packed({"word/document.xml": b"<xml/>"}),
    "cut in half": lambda capsule: capsule[: len(capsule) // 2],
    "cut by a byte": lambda capsule: capsule[:-1],
    "a bit changed": _flipped,
    "a row changed": _tampered,
    "a bomb": _bomb,
    "a member twice": _twice,
    "encrypted": _encrypted,
    "a huge manifest": _huge_manifest,
    "a wrong directory": _directory_ends_wrong,
    "a manifest that is no JSON": lambda capsule: packed(
        members_of(capsule) | {"manifest.json": b"\x80\x04pickle"}
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_foreign_file_is_refused(plain: Client, damage: str) -> None:
    refuse_everywhere(plain, DAMAGES[damage](capsule_of(plain)))


def test_a_capsule_of_a_newer_frontdesk_is_refused(greenleaf: Client) -> None:
    capsule = capsule_of(greenleaf)
    known = manifest_of(capsule)["schema"]["migrations"]
    newer, before = rebuilt(capsule, _migrations([*known, "bot.0099_later"])), everything()
    with pytest.raises(NewerCapsule, match=r"it knows bot\.0099_later") as refused:
        import_capsule(file(newer), slug="other")
    assert refused.value.code == "capsule_newer"
    with pytest.raises(NewerCapsule):
        restore(greenleaf, file(newer))
    assert everything() == before


@pytest.fixture
def later(tmp_path: Path, settings: DjangoSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of a later time: one more migration, which fills a column from what is there."""
    package = tmp_path / "later_bot_migrations"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "0001_initial.py").write_text(
        "import importlib\n"
        "Migration = importlib.import_module('frontdesk.bot.migrations.0001_initial').Migration\n"
    )
    (package / "0002_faq_length.py").write_text(
        "from django.db import migrations, models\n"
        "def fill(apps, editor):\n"
        "    for faq in apps.get_model('bot', 'Faq').objects.all():\n"
        "        faq.length = len(faq.answer)\n"
        "        faq.save(update_fields=['length'])\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [('bot', '0001_initial')]\n"
        "    operations = [\n"
        "        migrations.AddField('faq', 'length', models.IntegerField(db_default=-1)),\n"
        "        migrations.RunPython(fill),\n"
        "        migrations.AlterField('faq', 'length', models.IntegerField(db_default=0)),\n"
        "    ]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    settings.MIGRATION_MODULES = {"bot": "later_bot_migrations"}


@pytest.fixture
def _fingerprint_anew() -> Iterator[None]:
    fingerprint.cache_clear()
    yield
    fingerprint.cache_clear()


def test_an_older_capsule_is_brought_up_to_date(
    greenleaf: Client, request: pytest.FixtureRequest
) -> None:
    capsule, before = capsule_of(greenleaf), fingerprint()
    request.getfixturevalue("later")
    request.getfixturevalue("_fingerprint_anew")
    assert fingerprint() != before
    other = import_capsule(file(capsule), slug="other")
    assert other.schema_fingerprint == fingerprint()
    restore(greenleaf, file(capsule))
    for client in (other, greenleaf):
        name = client.schema_name
        off = sql(f"SELECT count(*) FROM {name}.bot_faq WHERE length <> char_length(answer)")
        assert off == [(0,)]
        applied = sql(f"SELECT name FROM {name}.django_migrations WHERE app = 'bot' ORDER BY id")
        assert [row[0] for row in applied] == ["0001_initial", "0002_faq_length"]
    newer = manifest_of(capsule_of(other))
    assert newer["schema"]["fingerprint"] == fingerprint()
    assert "length" in newer["tables"]["bot_faq"]["columns"]
    talk(by_id("tenant_other"))


def test_a_restore_brings_content_and_facts_back(greenleaf: Client) -> None:
    capsule = capsule_of(greenleaf)
    lifecycle.change(greenleaf, name="Renamed", allowed_origins=[], limit_faqs=90)
    with client_context(greenleaf):
        Faq.objects.all().delete()
        Message.objects.filter(author="visitor").delete()
    talk(greenleaf)
    lifecycle.pause(greenleaf)
    restore(greenleaf, file(capsule))
    now = by_id("tenant_greenleaf")
    assert (now.pk, now.name, now.limit_faqs) == (greenleaf.pk, "Greenleaf Plants", 90)
    assert now.allowed_origins == ["http://localhost", "https://greenleaf.example"]
    # The status is the operator's; everything else is the capsule's, to the byte.
    assert now.status == "paused"
    lifecycle.resume(now)
    assert capsule_of(now) == capsule
    assert not sql("SELECT FROM pg_namespace WHERE starts_with(nspname, 'frontdesk_restore')")


def test_conversations_of_a_restored_client(greenleaf: Client) -> None:
    early = talk(greenleaf)
    capsule = capsule_of(greenleaf)
    late = talk(greenleaf)
    with client_context(greenleaf):
        counted = Conversation.objects.get(pk=early.conversation).message_count
    assert (
        early.say("after the capsule", message_id=(again := str(uuid.uuid4()))).status_code == 200
    )
    restore(greenleaf, file(capsule))
    # The one that the capsule holds goes on from there, the one that came later is gone.
    assert len(early.read().json()["messages"]) == counted
    assert early.say("after the capsule", message_id=again).status_code == 200
    assert late.read().json()["code"] == "conversation_not_found"
    assert late.say("hello").json()["code"] == "conversation_not_found"


def test_the_capsule_of_another_client_is_refused_unless_named(
    greenleaf: Client, open_client: OpenClient
) -> None:
    other, capsule = open_client("other"), capsule_of(greenleaf)
    before = everything()
    with pytest.raises(OtherClientsCapsule, match="holds tenant_greenleaf, not tenant_other"):
        restore(other, file(capsule))
    assert everything() == before
    restore(other, file(capsule), made_of="tenant_greenleaf")
    held = manifest_of(capsule_of(other))
    assert held["client"]["id"] == "tenant_other"
    assert held["tables"] == manifest_of(capsule)["tables"]


def test_a_client_that_is_gone_can_be_neither_exported_nor_restored(
    greenleaf: Client, open_client: OpenClient
) -> None:
    capsule, copy = capsule_of(greenleaf), by_id("tenant_greenleaf")
    lifecycle.close(copy)
    lifecycle.remove(copy)
    with pytest.raises(ClientNotFound):
        capsule_of(greenleaf)
    with pytest.raises(ClientNotFound):
        restore(greenleaf, file(capsule))


def teach(client: Client, answer: str) -> int:
    with client_context(client):
        import_faqs([{"id": "parrots", "question": "Do you sell parrots?", "answer": answer}])
        return publish().number


def test_a_number_that_comes_again_is_not_taken_for_the_old_one(greenleaf: Client) -> None:
    capsule = capsule_of(greenleaf)
    number = teach(greenleaf, "Yes, green ones.")
    asked = Visitor(greenleaf)
    asked.start()
    assert asked.say("Do you sell parrots?").json()["messages"][0]["text"] == "Yes, green ones."
    restore(greenleaf, file(capsule))
    assert teach(greenleaf, "No, plants only.") == number
    visitor = Visitor(greenleaf)
    visitor.start()
    answered = visitor.say("Do you sell parrots?").json()["messages"]
    assert answered[0]["text"] == "No, plants only."


def test_neighbours_of_a_restored_client_notice_nothing(
    greenleaf: Client, open_client: OpenClient
) -> None:
    idle, busy, capsule = open_client("idle"), open_client("busy"), capsule_of(greenleaf)
    before = checksum(idle)
    stop, answers, seen = threading.Event(), [], []

    def act(number: int) -> None:
        if number == 0:
            for _ in range(8):
                restore(greenleaf, file(capsule))
                seen.append(checksum(idle))
            stop.set()
            return
        visitor = Visitor(busy)
        visitor.start()
        while not stop.is_set():
            sent = str(uuid.uuid4())
            answers.append((sent, visitor.say("hello there", message_id=sent).status_code))

    at_once(3, act)
    assert set(seen) == {before} == {checksum(idle)}
    assert len(answers) > 8
    assert {status for _, status in answers} == {200}
    with client_context(busy):
        stored = {str(found) for found in Message.objects.values_list("id", flat=True)}
    assert {sent for sent, _ in answers} <= stored


def test_a_client_is_served_while_it_is_restored(greenleaf: Client) -> None:
    visitors = [talk(greenleaf) for _ in range(2)]
    capsule = capsule_of(greenleaf)
    stop, statuses = threading.Event(), []

    def act(number: int) -> None:
        if number == 0:
            for _ in range(6):
                restore(greenleaf, file(capsule))
            stop.set()
            return
        while not stop.is_set():
            statuses.append(visitors[number - 1].say("hello there").status_code)
            statuses.append(Visitor(greenleaf).start().status_code)

    at_once(3, act)
    assert len(statuses) > 6
    assert set(statuses) <= {200, 201}
    restore(greenleaf, file(capsule))
    assert capsule_of(greenleaf) == capsule


def test_a_capsule_is_of_one_moment(greenleaf: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "_PIECE", 1)
    monkeypatch.setattr(importing, "_LOCK_TRIES", 1)
    capsule = capsule_of(greenleaf)
    pieces = export(greenleaf)
    taken = [next(pieces)]
    talk(greenleaf)
    # What is being read is not replaced under the reader.
    with pytest.raises(ClientBusy):
        restore(greenleaf, file(capsule))
    assert b"".join([*taken, *pieces]) == capsule
    assert capsule_of(greenleaf) != capsule
    restore(greenleaf, file(capsule))
    assert capsule_of(greenleaf) == capsule


def test_an_export_that_is_given_up_lets_go(
    greenleaf: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "_PIECE", 1)
    capsule, pieces = capsule_of(greenleaf), export(greenleaf)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    restore(greenleaf, file(capsule))


def test_secrets_stay_where_they_are(greenleaf: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Declared by a room, as keys and signing secrets will be."""
    config = apps.get_app_config("events")
    monkeypatch.setattr(config, "secrets", ("events_event.faq_id", "bot_synonym"), raising=False)
    capsule = capsule_of(greenleaf)
    manifest = manifest_of(capsule)
    assert manifest["left_out"]["secrets"] == ["bot_synonym", "events_event.faq_id"]
    assert "bot_synonym" not in manifest["tables"]
    assert "faq_id" not in manifest["tables"]["events_event"]["columns"]
    other = import_capsule(file(capsule), slug="other")
    with client_context(other):
        assert not Synonym.objects.exists()
        assert Event.objects.exists()
        assert not Event.objects.filter(faq_id__isnull=False).exists()
    with client_context(greenleaf):
        kept = list(Synonym.objects.order_by("pk").values_list("pk", "terms"))
        told = set(Event.objects.values_list("pk", "faq_id"))
        assert kept
        assert any(faq_id for _, faq_id in told)
    restore(greenleaf, file(capsule))
    with client_context(greenleaf):
        assert list(Synonym.objects.order_by("pk").values_list("pk", "terms")) == kept
        assert set(Event.objects.values_list("pk", "faq_id")) == told
        assert Synonym.objects.create(terms=["x", "y"]).pk > kept[-1][0]


KILLED = """
import os, signal, sys
import django
django.setup()
from django.db import connection
from frontdesk.clients.capsules import filling
from frontdesk.clients.capsules.importing import import_capsule, restore
from frontdesk.clients.resolving import by_id
verb, path, after = sys.argv[1], sys.argv[2], int(sys.argv[3])
left = [after]
def count(execute, *args):
    outcome = execute(*args)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return outcome
client = by_id("tenant_greenleaf")
load = filling._load_table
filling._load_table = lambda *args: count(load, *args)
connection.execute_wrappers.append(count)
with open(path, "rb") as file:
    restore(client, file) if verb == "restore" else import_capsule(file, slug="other")
"""


def run_and_kill(verb: str, path: Path, after: int) -> int:
    """The signal that ended it after so many statements, 0 when it finished first."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, verb, str(path), str(after)],
        cwd=_ROOT,
        env=os.environ
        | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return -done.returncode


@pytest.mark.parametrize("verb", ["import", "restore"])
def test_killed_half_way_leaves_nothing(greenleaf: Client, tmp_path: Path, verb: str) -> None:
    capsule = capsule_of(greenleaf)
    path = tmp_path / "greenleaf.capsule"
    path.write_bytes(capsule)
    talk(greenleaf)
    before, after = everything(), 1
    while run_and_kill(verb, path, after) == signal.SIGKILL:
        assert everything() == before
        after += 17
    # Past the last statement nothing is left to cut, and the next try finds a clean place.
    assert after > 45
    made = capsule_of(by_id("tenant_other" if verb == "import" else "tenant_greenleaf"))
    assert manifest_of(made)["tables"] == manifest_of(capsule)["tables"]


_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**60), 10**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, places=9).map(Decimal)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_MOMENTS = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 (what the strategy wants)
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
_FAQS = st.fixed_dictionaries(
    {
        "id": _TEXT.filter(bool),
        "question": _TEXT,
        "phrasings": st.lists(_TEXT, max_size=4),
        "answer": st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
        "updated_at": _MOMENTS,
    }
)
_EVENTS = st.fixed_dictionaries(
    {
        "id": st.integers(-(2**63), 2**63 - 2),
        "faq_id": st.none() | _TEXT,
        "conversation_id": st.none() | st.uuids(),
        "subject_id": st.uuids(),
        "at": _MOMENTS,
    }
)
_MESSAGES = st.fixed_dictionaries(
    {
        "id": st.uuids(),
        "text": _TEXT,
        "extras": _JSON,
        "trace": st.none() | _JSON,
        "score": st.none() | st.floats(),
        "option_id": st.none() | _TEXT,
        "created_at": _MOMENTS,
    }
)


def _unique(rows: Any, *names: str) -> Any:
    return st.lists(rows, max_size=6, unique_by=tuple(map(_by, names)))


def _by(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda row: row[name]


def _written(value: Any) -> str:
    """JSON with numbers as they are: a Decimal keeps its digits."""
    if isinstance(value, dict):
        inner = (f"{json.dumps(key)}: {_written(each)}" for key, each in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def fill_with(
    client: Client, faqs: list[Any], events: list[Any], messages: list[Any], index: bytes
) -> None:
    conversation = uuid.uuid4()
    with client_context(client), connection.cursor() as cursor:
        cursor.execute("DELETE FROM bot_faq")
        cursor.execute("DELETE FROM events_event")
        cursor.execute("DELETE FROM conversations_message")
        cursor.execute("UPDATE bot_publication SET index = %s", [index])
        Conversation(pk=conversation, locale="").save()
        for row in faqs:
            cursor.execute(
                "INSERT INTO bot_faq VALUES (%(id)s, %(question)s, %(phrasings)s::varchar[], "
                "%(answer)s, '', 'en', true, 0, %(updated_at)s)",
                row,
            )
        for row in events:
            cursor.execute(
                "INSERT INTO events_event (id, kind, at, conversation_id, faq_id, subject_id) "
                "VALUES (%(id)s, 'x', %(at)s, %(conversation_id)s, %(faq_id)s, %(subject_id)s)",
                row,
            )
        for place, row in enumerate(messages):
            facts = {"place": place, "conversation": conversation} | row
            facts["extras"] = _written(row["extras"])
            facts["trace"] = None if row["trace"] is None else _written(row["trace"])
            cursor.execute(
                "INSERT INTO conversations_message (id, conversation_id, position, author, type, "
                "text, extras, option_id, score, trace, created_at) VALUES (%(id)s, "
                "%(conversation)s, %(place)s, 'bot', 'text', %(text)s, %(extras)s, "
                "%(option_id)s, %(score)s, %(trace)s, %(created_at)s)",
                facts,
            )


def rows_of(client: Client) -> dict[str, list[str]]:
    """Every row as PostgreSQL writes it: no rounding by anybody."""
    return {
        table: [
            row[0]
            for row in sql(f'SELECT t::text FROM {client.schema_name}."{table}" t ORDER BY 1')
        ]
        for table in tables_of(client)
        if table != "django_migrations"
    }


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    faqs=_unique(_FAQS, "id"),
    events=_unique(_EVENTS, "id", "subject_id"),
    messages=_unique(_MESSAGES, "id"),
    index=st.binary(max_size=300),
)
def test_any_content_survives_exactly(
    property_client: Client,
    faqs: list[Any],
    events: list[Any],
    messages: list[Any],
    index: bytes,
) -> None:
    fill_with(property_client, faqs, events, messages, index)
    before, capsule = rows_of(property_client), capsule_of(property_client)
    with client_context(property_client):
        Faq.objects.all().delete()
        Event.objects.all().delete()
    restore(property_client, file(capsule))
    assert rows_of(property_client) == before
    assert capsule_of(property_client) == capsule


@pytest.fixture
def property_client(open_client: OpenClient) -> Client:
    return open_client("any_content")


@pytest.fixture
def operator(open_client: OpenClient) -> Browser:
    key = make_operator_key("capsules")
    return Browser(HTTP_HOST="localhost", HTTP_AUTHORIZATION=f"Bearer {key}")


def test_exported_by_the_operators_program(greenleaf: Client, operator: Browser) -> None:
    response: Any = operator.get("/api/v1/operator/clients/tenant_greenleaf/export")
    assert (response.status_code, response.streaming) == (200, True)
    assert response["Content-Type"] == "application/zip"
    assert response["Cache-Control"] == "no-store"
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    assert response["Content-Disposition"] == (f'attachment; filename="greenleaf-{day}.capsule"')
    assert b"".join(response.streaming_content) == capsule_of(greenleaf)


def test_an_export_may_be_taken_by_one_thread_after_another(
    greenleaf: Client, operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As some servers take a download's pieces."""
    monkeypatch.setattr(container, "_PIECE", 1)
    pieces = iter(
        operator.get("/api/v1/operator/clients/tenant_greenleaf/export").streaming_content  # type: ignore[attr-defined]
    )
    taken: list[bytes] = []
    while len(taken) < 5:
        at_once(1, lambda _: taken.append(next(pieces)))
    assert b"".join([*taken, *pieces]) == capsule_of(greenleaf)


def test_only_the_operator_exports(greenleaf: Client, operator: Browser) -> None:
    address = "/api/v1/operator/clients/tenant_greenleaf/export"
    refused = Browser(HTTP_HOST="localhost").get(address)
    assert (refused.status_code, refused.json()["code"]) == (401, "key_invalid")
    missing = operator.get("/api/v1/operator/clients/tenant_nobody/export")
    assert (missing.status_code, missing.json()["code"]) == (404, "client_not_found")
    assert operator.post(address).status_code == 405


def test_the_api_document_tells_of_the_file(operator: Browser) -> None:
    document = operator.get("/api/v1/openapi.json").json()
    told = document["paths"]["/api/v1/operator/clients/{client_id}/export"]["get"]
    assert "application/zip" in told["responses"]["200"]["content"]


def test_from_the_command_line(
    greenleaf: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.chdir(tmp_path)
    capsule = capsule_of(greenleaf)
    call_command("clients", "export", "greenleaf")
    [made] = tmp_path.iterdir()
    assert made.name == f"greenleaf-{datetime.now(UTC):%Y-%m-%d}.capsule"
    assert made.read_bytes() == capsule
    call_command("clients", "export", "tenant_greenleaf", "--to", "here.capsule")
    assert (tmp_path / "here.capsule").read_bytes() == capsule
    capsysbinary.readouterr()
    call_command("clients", "export", "greenleaf", "--to", "-")
    assert capsysbinary.readouterr().out == capsule
    call_command("clients", "import", "here.capsule", "--as", "other")
    assert b"tenant_other imported, active" in capsysbinary.readouterr().out
    call_command("clients", "restore", "other", "here.capsule", "--made-of", "tenant_greenleaf")
    assert b"tenant_other is as it was in here.capsule" in capsysbinary.readouterr().out
    held = manifest_of(capsule_of(by_id("tenant_other")))
    assert held["tables"] == manifest_of(capsule)["tables"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("export nobody", "There is no such client"),
        ("export greenleaf --to missing/here", "missing/here.part: No such file or directory"),
        ("import missing", "missing: No such file or directory"),
        ("import junk", "This file is not a capsule, or its end is missing"),
        ("restore nobody junk", "There is no such client"),
        ("restore greenleaf junk", "This file is not a capsule, or its end is missing"),
        ("import capsule", "tenant_greenleaf is there already"),
        ("import capsule --as Big", "Big can't be a client's ID"),
    ],
)
def test_the_command_line_says_what_is_wrong(
    greenleaf: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "junk").write_bytes(b"junk")
    (tmp_path / "capsule").write_bytes(capsule_of(greenleaf))
    with pytest.raises(CommandError, match=told) as refused:
        call_command("clients", *line.split())
    assert "\n" not in str(refused.value)
    assert {path.name for path in tmp_path.iterdir()} == {"junk", "capsule"}
