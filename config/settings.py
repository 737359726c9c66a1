"""The one settings module. The environment decides; docs/settings.md lists every variable."""

from pathlib import Path

from config import env
from config.secret import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

DATA_FOLDER = env.folder("FRONTDESK_DATA", Path.cwd() / "data")
PORT = env.integer("PORT", 8000, low=1, high=65535)
DEMO_PORT = env.integer("DEMO_PORT", PORT + 1, low=1, high=65535)

# The name that clients' subdomains hang below, without a port: acme.<BASE_DOMAIN>.
BASE_DOMAIN = env.text("FRONTDESK_BASE_DOMAIN", "localhost").lower()
# Where people and widgets reach the main site.
BASE_URL = env.text("FRONTDESK_URL", f"http://{BASE_DOMAIN}:{PORT}").rstrip("/")
HTTPS = BASE_URL.startswith("https://")

DEBUG = env.boolean("FRONTDESK_DEBUG", default=False)
SECRET_KEY = secret_key(DATA_FOLDER, required=HTTPS)
# clients.resolving answers for every host: a client's own domain is data, not configuration.
ALLOWED_HOSTS = ["*"]

SHARED_APPS = [
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "ninja",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "frontdesk.lib",
    "frontdesk.accounts",
    "frontdesk.clients",
    "frontdesk.api",
    "frontdesk.operator",
    "frontdesk.widget",
]
TENANT_APPS = [
    "frontdesk.events",
    "frontdesk.visitor_forms",
    "frontdesk.bot",
    "frontdesk.conversations",
]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]

TENANT_MODEL = "clients.Client"
TENANT_DOMAIN_MODEL = "clients.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DATABASES = {
    "default": {
        "ENGINE": "frontdesk.clients.database",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        **env.database(env.text("DATABASE_URL", "postgresql://localhost/frontdesk")),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "frontdesk.widget.cors.WidgetCors",
    "frontdesk.lib.rate_headers.RateHeaders",
    "frontdesk.lib.security.SecurityHeaders",
    "frontdesk.clients.middleware.ResolveClient",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "frontdesk.lib.pages.PageLocale",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
PUBLIC_SCHEMA_NAME = "public"
PUBLIC_SCHEMA_URLCONF = ROOT_URLCONF = "config.urls_public"
CLIENT_URLCONF = "config.urls_client"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "sign-in"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
# The package ships its built files; nothing is collected.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
# The build writes a content hash into the names of files that never change.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/.+-[0-9A-Za-z]{8,16}\.(js|css|woff2|svg)$"

SESSION_COOKIE_NAME = "frontdesk_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "frontdesk_csrf"
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = False  # The proxy in front decides; it also answers plain HTTP.
SECURE_HSTS_SECONDS = env.integer("FRONTDESK_HSTS_SECONDS", 31_536_000 if HTTPS else 0)
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# How many proxies in front add to X-Forwarded-For; 0 = the socket's address is the visitor's.
TRUSTED_PROXIES = env.integer("FRONTDESK_TRUSTED_PROXIES", 0, high=10)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = False

DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024

# Requests a minute: one conversation, and one address at one client. High enough for an office
# behind one address; each process counts for itself.
RATE_CONVERSATION = env.integer("FRONTDESK_RATE_CONVERSATION", 1_200, low=1)
RATE_ADDRESS = env.integer("FRONTDESK_RATE_ADDRESS", 3_000, low=1)
RATE_OPERATOR = env.integer("FRONTDESK_RATE_OPERATOR", 6_000, low=1)

# Bytes of compiled publications that one process keeps ready.
ENGINE_CACHE_BYTES = env.integer("FRONTDESK_ENGINE_CACHE_MB", 128, low=1) * 1024 * 1024
# Days between a client's closing and the removal of its schema.
CLOSING_GRACE_DAYS = env.integer("FRONTDESK_CLOSING_GRACE_DAYS", 14, low=0, high=3650)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("FRONTDESK_LOG_LEVEL", "WARNING").upper()},
}
