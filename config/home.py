"""The folder that holds everything Winnow keeps on disk, for its owner's eyes only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

FOLDERS = ("images", "models", "releases", "uploads")


def prepare_home(home: Path) -> Path:
    """Make the folder with its parts, or refuse one that others can read."""
    if not home.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
    if not home.is_dir():
        raise ImproperlyConfigured(f"WINNOW_HOME is {home}, which is not a folder.")
    if os.name == "posix" and home.stat().st_mode & 0o077:
        raise ImproperlyConfigured(
            f"WINNOW_HOME ({home}) can be read by others, and it holds the key and everybody's judgments. "
            f"Run: chmod 700 {home}"
        )
    for name in FOLDERS:
        (home / name).mkdir(mode=0o700, exist_ok=True)
    # SQLite gives its side files the rights of the first one.
    (home / "db.sqlite3").touch(mode=0o600)
    return home


def read_or_make_secret_key(home: Path) -> str:
    """The signing key in ``home``, made at the first start. Two that start at once agree on one key."""
    path = home / "secret_key"
    if not path.exists():
        fresh = home / f".secret_key.{os.getpid()}"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            # link() fails where the name is taken, and what it makes is complete: the other start's key is
            # kept.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise ImproperlyConfigured(f"{path} can be read by others. Run: chmod 600 {path}")
    key = path.read_text().strip()
    if len(key) < 50:
        raise ImproperlyConfigured(
            f"{path} is too short for a key. Remove it: the next start makes a new one."
        )
    return key
