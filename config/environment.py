"""Reading the environment: a value that cannot be understood stops the start and says which one and why."""

from __future__ import annotations

import os
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


def text(name: str, default: str = "") -> str:
    """An empty variable counts as one that is not set: compose files pass unset ones on as empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} is {value!r}: write true or false.")
    return value in TRUE


def number(name: str, *, default: int, least: int = 0) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is {value!r}: write a whole number, {least} or more.")
    return int(value)


def words(name: str, *, default: tuple[str, ...] = ()) -> list[str]:
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else list(default)


def bound_keys(name: str) -> dict[str, tuple[str, str]]:
    """Keys as name@host=key: what each is called, where alone it may be sent, and the key. No refusal shows a
    key."""
    found: dict[str, tuple[str, str]] = {}
    for number, entry in enumerate(words(name), start=1):
        called, _, rest = entry.partition("@")
        host, _, key = rest.partition("=")
        if not (called.strip() and host.strip() and key.strip()) or called.strip() in found:
            raise ImproperlyConfigured(
                f"{name}: entry {number} is not name@host=key, or its name stands twice. A key of a server "
                "without TLS is bound by name@http://host:port=key; no key may hold a comma."
            )
        found[called.strip()] = (host.strip(), key.strip())
    return found


def named(name: str) -> dict[str, str]:
    """Addresses as name=address."""
    found: dict[str, str] = {}
    for number, entry in enumerate(words(name), start=1):
        called, _, address = entry.partition("=")
        if not (called.strip() and "://" in address) or called.strip() in found:
            raise ImproperlyConfigured(
                f"{name}: entry {number} is not name=kind://place, or its name stands twice."
            )
        found[called.strip()] = address.strip()
    return found


def gone(name: str, cure: str) -> None:
    """A setting that meant something once does not go unnoticed."""
    if text(name):
        raise ImproperlyConfigured(f"{name} is no longer read. {cure}")


def choice(name: str, *, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}: write one of {', '.join(allowed)}.")
    return value


def database(name: str) -> dict[str, Any] | None:
    """The database of postgresql://user:password@host:5432/winnow in Django's words; None when not set."""
    value = text(name)
    if not value:
        return None
    scheme = value.partition("://")[0]
    if scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"{name} starts with {scheme!r}: only postgresql:// is understood.")
    parsed: dict[str, Any] = environ.Env.db_url_config(value)
    if not parsed.get("NAME"):
        raise ImproperlyConfigured(f"{name} names no database: postgresql://user:password@host:5432/winnow.")
    return parsed
