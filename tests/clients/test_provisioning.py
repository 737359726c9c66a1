"""A schema made from the blueprint is the one that the migrations make."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, models
from django.db.migrations import AddField, CreateModel, Migration
from django.db.migrations.state import ProjectState

from frontdesk.clients import lifecycle, provisioning
from frontdesk.clients.context import client_context
from frontdesk.clients.models import Blueprint, Client
from frontdesk.clients.provisioning import NoBlueprint
from tests.conftest import OpenClient, at_once

_CATALOGUE = {
    "columns": """
        SELECT c.relname, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               replace(pg_get_expr(d.adbin, d.adrelid), n.nspname, 'SCHEMA'), a.attidentity,
               a.attgenerated, a.attcollation, a.attstorage, a.attcompression
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY 1, 3""",
    "constraints": """
        SELECT c.relname, k.conname, k.contype, k.condeferrable, k.condeferred, k.convalidated,
               replace(pg_get_constraintdef(k.oid), n.nspname || '.', '')
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = k.connamespace
        WHERE n.nspname = %s ORDER BY 1, 2""",
    "indexes": """
        SELECT i.relname, x.indisunique, x.indisprimary, x.indisvalid, x.indisreplident,
               replace(pg_get_indexdef(i.oid), n.nspname || '.', '')
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_namespace n ON n.oid = i.relnamespace
        WHERE n.nspname = %s ORDER BY 1""",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by,
               cycle, cache_size
        FROM pg_sequences WHERE schemaname = %s ORDER BY 1""",
    "other relations": """
        SELECT c.relname, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s ORDER BY 1""",
    "types": """
        SELECT t.typname, t.typtype FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname = %s ORDER BY 1""",
    "functions": """
        SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = %s ORDER BY 1""",
}


def ask(query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return list(cursor.fetchall())


def catalogue_of(schema: str) -> dict[str, list[tuple[Any, ...]]]:
    return {name: ask(query, schema) for name, query in _CATALOGUE.items()}


def migrations_of(schema: str) -> set[tuple[str, str]]:
    return {(row[0], row[1]) for row in ask(f'SELECT app, name FROM "{schema}".django_migrations')}


@pytest.fixture
def migrated_the_stock_way(open_client: OpenClient) -> Iterator[str]:
    name = "stock_migrated"
    connection.cursor().execute(f"CREATE SCHEMA {name}")
    provisioning.migrate_schema(name)
    yield name
    connection.cursor().execute(f"DROP SCHEMA {name} CASCADE")


def test_a_schema_from_the_blueprint_is_the_one_that_migrations_make(
    open_client: OpenClient, migrated_the_stock_way: str
) -> None:
    client = open_client("from_blueprint")
    expected = catalogue_of(migrated_the_stock_way)
    found = catalogue_of(client.schema_name)
    for name in _CATALOGUE:
        assert found[name] == expected[name], name
    assert len(found["columns"]) > 50
    assert len(found["constraints"]) > 10
    assert migrations_of(client.schema_name) == migrations_of(migrated_the_stock_way)


def test_a_schema_is_lean(north: Client) -> None:
    """What a sharded database would refuse, and what makes many schemas dear."""
    outward = ask(
        """
        SELECT k.conname FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
        WHERE c.relnamespace = 'tenant_north'::regnamespace AND f.relnamespace <> c.relnamespace
        """
    )
    triggers = ask(
        """
        SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'tenant_north'::regnamespace AND NOT t.tgisinternal
        """
    )
    without_key = ask(
        """
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'tenant_north'::regnamespace AND c.relkind = 'r'
          AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
        """
    )
    assert (outward, triggers, without_key) == ([], [], [])


def test_the_schema_holds_the_clients_rooms_and_nothing_else(north: Client) -> None:
    tables = [
        row[0] for row in ask("SELECT tablename FROM pg_tables WHERE schemaname = 'tenant_north'")
    ]
    assert sorted(tables) == [
        "bot_faq",
        "bot_publication",
        "bot_settings",
        "bot_synonym",
        "conversations_conversation",
        "conversations_handoff",
        "conversations_message",
        "django_migrations",
        "events_event",
        "visitor_forms_form",
        "visitor_forms_submission",
    ]


class _LaterMigration(Migration):
    operations = [  # noqa: RUF012 (Django's own way)
        AddField("faq", "weight", models.IntegerField(default=1, db_index=True)),
        CreateModel(
            "Later",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("faq", models.ForeignKey("bot.Faq", models.CASCADE)),
            ],
        ),
    ]


def apply_later_migration(schema: str) -> None:
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415

    state: ProjectState = MigrationLoader(connection).project_state()
    with (
        client_context(Client(schema_name=schema)),
        connection.schema_editor(atomic=True) as editor,
    ):
        _LaterMigration("9999_later", "bot").apply(state, editor)


def test_a_later_migration_applies_to_a_schema_from_the_blueprint(
    open_client: OpenClient, migrated_the_stock_way: str
) -> None:
    client = open_client("migrated_later")
    for schema in (client.schema_name, migrated_the_stock_way):
        apply_later_migration(schema)
    expected, found = catalogue_of(migrated_the_stock_way), catalogue_of(client.schema_name)
    for name in ("columns", "constraints", "indexes", "sequences"):
        assert found[name] == expected[name], name
    assert "weight" in {row[1] for row in found["columns"]}
    assert "bot_later" not in {row[0] for row in catalogue_of("public")["columns"]}


def test_without_a_blueprint_nothing_is_made(db: None) -> None:
    Blueprint.objects.all().delete()
    with pytest.raises(NoBlueprint, match="migrate_all"):
        lifecycle.create("too_early", name="Early", email="owner@early.example")
    assert not Client.objects.filter(schema_name="tenant_too_early").exists()


def test_a_statement_that_fails_undoes_the_schema(db: None) -> None:
    blueprint = Blueprint.objects.get()
    statements = [*blueprint.statements[:10], "CREATE TABLE bot_faq (id int)"]
    Blueprint.objects.update(statements=statements)
    with pytest.raises(DatabaseError):
        lifecycle.create("broken", name="Broken", email="owner@broken.example")
    assert ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'tenant_broken'") == [(0,)]
    assert not Client.objects.filter(schema_name="tenant_broken").exists()


def test_two_that_create_the_same_client_at_once_get_the_same(open_client: OpenClient) -> None:
    def create(_: int) -> tuple[int, bool]:
        client, new = lifecycle.create("twice", name="Twice", email="owner@twice.example")
        return client.pk, new

    made = at_once(4, create)
    assert len({pk for pk, _ in made}) == 1
    assert sorted(new for _, new in made) == [False, False, False, True]
    assert Client.objects.filter(schema_name="tenant_twice").count() == 1


def test_two_businesses_that_want_one_id_at_once(open_client: OpenClient) -> None:
    def create(number: int) -> str:
        try:
            lifecycle.create("wanted", name=f"Name {number}", email="owner@wanted.example")
        except lifecycle.ClientExists as refusal:
            return refusal.code
        return "made"

    assert sorted(at_once(2, create)) == ["client_exists", "made"]


def test_different_clients_are_created_at_once(open_client: OpenClient) -> None:
    def create(number: int) -> bool:
        return lifecycle.create(f"side_{number}", name="Side", email="owner@side.example")[1]

    assert at_once(4, create) == [True] * 4
    for number in range(4):
        assert catalogue_of(f"tenant_side_{number}")["columns"]
