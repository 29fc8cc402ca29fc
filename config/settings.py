"""
Settings of every installation: what differs is an environment variable, or a line in the git-ignored `.env`.

A variable of the environment wins over the file. README.md lists them.
"""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from environs import Env

from config.broker import broker_of
from config.counters import counters_of
from config.file_store import store_of
from config.log_lines import LogFormat, logging_of

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(BASE_DIR / ".env", recurse=False)

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="only-for-development") if DEBUG else env.str("SECRET_KEY")
# Signs nothing: API keys are stored as HMAC-SHA-256 under it, so another value makes every key unknown.
API_KEY_SECRET = env.str("API_KEY_SECRET", default="only-for-development") if DEBUG else env.str("API_KEY_SECRET")

ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Applications

INSTALLED_APPS = [
    "config",
    "facilities",
    "invoices",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

MIDDLEWARE = [
    "config.health.health_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.request_log_middleware",
    "config.middleware.api_errors_middleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.PageLocaleMiddleware",
    "config.middleware.PageCommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"figures": "invoices.pages.figures", "words": "invoices.pages.words"},
        },
    },
]

# Database


def _database() -> dict[str, Any]:
    database: dict[str, Any] = dict(env.dj_db_url("DATABASE_URL", default="sqlite:///var/consolida.sqlite3"))
    database.setdefault("TEST", {})["NAME"] = env.str("TEST_DATABASE_NAME", default=None)
    if database["ENGINE"] == "django.db.backends.sqlite3":
        return database | _sqlite(database["NAME"])
    # Connections are checked before use: without it some requests fail after a restart of the server.
    pool = {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", default=8), "timeout": 10}
    return database | {"CONN_HEALTH_CHECKS": True, "OPTIONS": database.get("OPTIONS", {}) | {"pool": pool}}


def _sqlite(name: str) -> dict[str, Any]:
    options = {
        # A transaction that has read can't wait for another writer when it comes to write; so it waits at its start.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # Readers go on while one writes; with WAL, NORMAL can lose the last moment in a power cut, but breaks nothing.
        "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
    }
    return {"NAME": name if name == ":memory:" else str(BASE_DIR / name), "OPTIONS": options}


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People

AUTH_USER_MODEL = "facilities.User"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/cups/"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Language and time

LANGUAGE_CODE = "es"
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
USE_THOUSAND_SEPARATOR = True
USE_TZ = True
TIME_ZONE = "Europe/Madrid"

# Static files

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "files": store_of(env.str("FILES_URL", default=""), root=BASE_DIR / env.str("FILES_ROOT", default="var/files")),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# How long a signed address of a file is good.
FILE_ADDRESS_SECONDS = env.int("FILE_ADDRESS_SECONDS", default=15 * 60)

# Hosts that an invoice's `file_url` may lead to: anybody who files one writes it, so elsewhere it is mere text.
FILE_HOSTS: list[str] = env.list("FILE_HOSTS", default=[])

# What requests are counted in

CACHES = {"default": counters_of(env.str("CACHE_URL", default=""))}
# Of one key, or one person in a browser, for one organization.
REQUESTS_PER_MINUTE = env.int("REQUESTS_PER_MINUTE", default=6000)
# Of one address, with keys that are none.
WRONG_KEYS_PER_MINUTE = env.int("WRONG_KEYS_PER_MINUTE", default=60)

# Work in the background

CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS, CELERY_TASK_DEFAULT_QUEUE_TYPE = broker_of(
    env.str("BROKER_URL", default="filesystem://"), root=BASE_DIR
)
# A request waits this long at most for a broker: what it queued is in the tables already.
CELERY_BROKER_CONNECTION_TIMEOUT = 2
# Two installations on one broker need a queue each.
CELERY_TASK_DEFAULT_QUEUE = env.str("BROKER_QUEUE", default="consolida")
# How long a worker has a chunk to itself. One that died is found by this alone, so a chunk takes a small part of it.
CHUNK_LEASE_SECONDS = env.int("CHUNK_LEASE_SECONDS", default=60)
# A message is gone when its work is done, not when it is begun, and a worker takes no more than it does.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# What came of it stands in our own tables.
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
# Nobody commands workers through the broker.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_REDIRECT_STDOUTS = False
# In memory: nothing is lost with it, and workers share no file.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
_SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=30.0)
CELERY_BEAT_SCHEDULE = {
    # One that waited behind other work until the next is of no use: each would send all that waits once more.
    "sweep": {"task": "invoices.sweep", "schedule": _SWEEP_SECONDS, "options": {"expires": _SWEEP_SECONDS}},
}

# Security

# HTTPS=0 is for an installation inside a network of one's own, or behind a proxy that does all of this itself.
HTTPS = env.bool("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Whether every other host of the domain speaks HTTPS, now and for ever, is for the owner of the domain to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

# REST

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "facilities.api.authentication.KeyAuthentication",
        "facilities.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["facilities.api.permissions.MayActForOrganization"],
    "DEFAULT_PARSER_CLASSES": ["facilities.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "config.api_errors.exception_handler",
    # Proxies of our own in front: so many of the last addresses of X-Forwarded-For are true. Anybody can write others.
    "NUM_PROXIES": env.int("PROXIES", default=0),
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    # Numbers go out as numbers.
    "COERCE_DECIMAL_TO_STRING": False,
    # Errors of a list by index, which is what becomes of REST framework's own way from 3.20 on.
    "LIST_SERIALIZER_ERRORS_AS_DICT": True,
    # `?format=` is a parameter that nobody knows, and is ignored as such.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Consolida",
    "DESCRIPTION": (
        "Utility invoices by supply point: file them, list them, and join the CUPS codes that are one supply.\n\n"
        "Routes under /v1 and /v2 name a refusal in `code`; those under /api/v1 in `detail`. Texts that no database can"
        " keep, with NUL or a lone surrogate, are refused with 422 wherever they stand."
    ),
    # Grows with the contract: a field is never removed or renamed within v1.
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/v1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "PREPROCESSING_HOOKS": ["config.api_schema.without_trailing_slash"],
    "POSTPROCESSING_HOOKS": ["config.api_schema.complete"],
}
# 10,000 sources of a consolidation, or 100,000 ids to recalculate: 39 bytes each, and as much again for white space.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
# A list of 2,000 supplies names a facility for each.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_100

# Uploads

# The largest file of invoices.
IMPORT_MAX_MB = env.int("IMPORT_MAX_MB", default=200)
UPLOAD_MAX_BYTES = IMPORT_MAX_MB * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "config.uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Log lines

LOGGING = logging_of(
    env.enum("LOG_FORMAT", enum=LogFormat, by_value=True, default=LogFormat.CONSOLE if DEBUG else LogFormat.JSON)
)
