"""The map holds: rooms, schemas, settings and migrations are as ARCHITECTURE.md and docs say."""

import ast
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import models

from frontdesk.clients.models import Client

ROOT = Path(__file__).resolve().parents[2]
# From the bottom up; import-linter holds the same order for imports.
ORDER = ["accounts", "clients", "api", "events", "visitor_forms", "bot", "conversations"]
LINES_MOST = 40


def our_models() -> Iterator[type[models.Model]]:
    for config in apps.get_app_configs():
        if config.name.startswith("frontdesk."):
            yield from config.get_models()


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_a_model_relates_only_to_rooms_below_it_and_to_its_own_schema() -> None:
    shared = {apps.get_app_config(name.rpartition(".")[2]).label for name in ORDER[:3]}
    for model in our_models():
        for field in model._meta.get_fields():
            if not isinstance(field, models.ForeignKey):
                continue
            own, other = model._meta.app_label, field.related_model._meta.app_label
            if other in ORDER:
                assert ORDER.index(other) <= ORDER.index(own), f"{model.__name__}.{field.name}"
            assert (own in shared) == (other in shared), f"{model.__name__}.{field.name}"


def test_an_app_lives_in_one_schema() -> None:
    assert set(settings.SHARED_APPS) & set(settings.TENANT_APPS) == set()
    ours = {config.name for config in apps.get_app_configs() if "frontdesk" in config.name}
    assert ours <= set(settings.SHARED_APPS) | set(settings.TENANT_APPS)


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    told = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=told)
    assert told.getvalue() == "No changes detected\n"


def test_every_variable_that_is_read_is_documented() -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE))
    read = set()
    for _, tree in sources("config", "frontdesk"):
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="env")), args=[first, *_]):
                    if isinstance(first, ast.Constant):
                        read.add(first.value)
    assert len(read) > 10
    assert read - documented == set()
    assert documented - read == {"FRONTDESK_SKIP_FRONTEND"}


def test_no_function_is_longer_than_forty_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path, tree in sources("config", "frontdesk", "frontdesk_nlp")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LINES_MOST
    ]
    assert long == []


def test_the_forms_of_django_tenants_that_mix_threads_are_not_used(north: Client) -> None:
    with pytest.raises(TypeError, match="client_context"), north:
        pass
    for path, tree in sources("config", "frontdesk"):
        for node in ast.walk(tree):
            for decorator in getattr(node, "decorator_list", []):
                name = ast.unparse(decorator)
                assert "_context" not in name, f"{path}: {name}"


def test_templates_have_no_inline_script_or_style() -> None:
    templates = list((ROOT / "frontdesk").rglob("templates/**/*.html"))
    assert len(templates) > 5
    for path in templates:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text), path
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag, path
