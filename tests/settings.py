"""The settings of the tests: the project's own, with nothing of the machine's `.env` in them."""

import os

os.environ |= {
    "DEBUG": "0",
    "SECRET_KEY": "only-for-tests",
    "API_KEY_SECRET": "only-for-tests",
    "ALLOWED_HOSTS": "",
    "CSRF_TRUSTED_ORIGINS": "",
    "HTTPS": "0",
    "LOG_FORMAT": "json",
    # A test that is about limits sets its own: all others together call from one address.
    "REQUESTS_PER_MINUTE": "1000000",
    "WRONG_KEYS_PER_MINUTE": "1000000",
    "CACHE_URL": "",
    "PROXIES": "0",
    "BROKER_URL": "memory://",
    "BROKER_QUEUE": "consolida",
    "CHUNK_LEASE_SECONDS": "60",
    "SWEEP_SECONDS": "30",
    "FILES_URL": "",
    "FILES_ROOT": "var/tests/files",
    "DATABASE_URL": os.environ.get("DATABASE_URL", "sqlite://:memory:"),
}

from config.settings import *  # noqa: F403

# A pool would keep connections to a database that the next test run drops.
DATABASES["default"]["OPTIONS"].pop("pool", None)  # noqa: F405
# Made to be fast, not safe.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Nobody collects static files before a test.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
WHITENOISE_AUTOREFRESH = True
# How many requests of each kind are made up for a route; `make load` asks for more.
EXAMPLES_A_ROUTE = int(os.environ.get("EXAMPLES_A_ROUTE", "10"))
