"""Makes the stock install's database: tenants with one table each."""

import subprocess
import sys

from django.db import connection

_MAKE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.stock.settings"
import django
django.setup()
from django.db import connection
from benchmarks.stock.models import Host, Tenant
from benchmarks.stock.notes.models import Note
with connection.schema_editor() as editor:
    editor.create_model(Tenant)
    editor.create_model(Host)
for number in range(int(sys.argv[1])):
    tenant = Tenant(schema_name=f"stock{number}")
    tenant.auto_create_schema = False
    tenant.save()
    Host.objects.create(domain=f"stock{number}.localhost", tenant=tenant, is_primary=True)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA stock{number}")
    connection.set_tenant(tenant)
    with connection.schema_editor() as editor:
        editor.create_model(Note)
    connection.set_schema_to_public()
"""


def make(tenants: int) -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE stock")
    subprocess.run([sys.executable, "-c", _MAKE, str(tenants)], check=True)
