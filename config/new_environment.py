"""
Prints a new `.env`: `python -m config.new_environment`.

What the environment already says is written down, so that `manage.py` alone sees the same afterwards.
"""

import os
import secrets

DEFAULTS = {
    "DEBUG": "1",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "API_KEY_SECRET": secrets.token_urlsafe(50),
    "DATABASE_URL": "sqlite:///var/consolida.sqlite3",
}

if __name__ == "__main__":
    print(*(f"{name}='{os.environ.get(name, default)}'" for name, default in DEFAULTS.items()), sep="\n")  # noqa: T201
