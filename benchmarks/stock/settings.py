"""Stock django-tenants, as its documentation sets it up, with persistent connections."""

from config import env

SECRET_KEY = "a benchmark keeps no secrets, and this one is long enough"
ALLOWED_HOSTS = ["*"]
SHARED_APPS = ["django_tenants", "django.contrib.contenttypes", "benchmarks.stock"]
TENANT_APPS = ["benchmarks.stock.notes"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL = "stock.Tenant"
TENANT_DOMAIN_MODEL = "stock.Host"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
_connection = env.database(env.text("DATABASE_URL"))
_connection.pop("OPTIONS")
DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        "CONN_MAX_AGE": None,
        **_connection,
        "NAME": "stock",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware"]
ROOT_URLCONF = "benchmarks.stock.urls"
USE_TZ = True
