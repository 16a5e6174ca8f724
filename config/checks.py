"""Settings that would do harm do not start. Each refusal names the setting and its cure.

They are deployment checks: run by ``check --deploy`` and by ``serve``, not by every command, so that a wrong
setting can still be looked into with the shell.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from config.exposure import is_private_place, network_filesystem

TAG = "winnow"
Refusals = Iterator[tuple[int, str, str]]
KEY_LENGTH = 50
PLACEHOLDERS = ("django-insecure", "change-me", "changeme", "secret-key", "example")
WEAK_HASHERS = ("MD5", "Unsalted", "SHA1")


def register_checks() -> None:
    register(check_settings, TAG, deploy=True)


def check_settings(app_configs: object = None, **_later: Any) -> list[CheckMessage]:
    """All refusals, as Django's errors ``winnow.E001`` and on."""
    parts: tuple[Callable[[], Refusals], ...] = (
        refuse_debug_and_hosts,
        refuse_weak_keys,
        refuse_plain_cookies,
        refuse_plain_http,
        refuse_open_folders,
        refuse_careless_sqlite,
        refuse_careless_postgresql,
        refuse_careless_broker,
        refuse_loose_content_policy,
        refuse_open_doors,
        refuse_weak_sign_in,
    )
    return [
        Error(message, hint=cure, id=f"{TAG}.E{number:03}")
        for part in parts
        for number, message, cure in part()
    ]


def refuse_debug_and_hosts() -> Refusals:
    if settings.DEBUG and settings.WINNOW_TEAM:
        yield 1, "DEBUG is on: error pages would show settings and data.", "Set WINNOW_DEBUG=false."
    if "*" in settings.ALLOWED_HOSTS:
        yield 2, "ALLOWED_HOSTS accepts every name.", "Set WINNOW_HOSTS to the site's own names."
    if not settings.ALLOWED_HOSTS:
        yield (
            3,
            "ALLOWED_HOSTS is empty: no request would be answered.",
            "Set WINNOW_HOSTS=winnow.example.org.",
        )
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if "*" in origin or (settings.WINNOW_TEAM and not origin.startswith("https://")):
            yield (
                4,
                f"CSRF_TRUSTED_ORIGINS trusts {origin}.",
                "Set WINNOW_ORIGINS to whole https:// addresses.",
            )


def refuse_weak_keys() -> Refusals:
    cure = "Remove WINNOW_SECRET_KEY: a random key is made in WINNOW_HOME. Or set one of 64 random letters."
    key = settings.SECRET_KEY
    if len(key) < KEY_LENGTH or len(set(key)) < 10:
        yield 5, f"SECRET_KEY is short: fewer than {KEY_LENGTH} letters, or nearly all the same.", cure
    if any(word in key.lower() for word in PLACEHOLDERS):
        yield 6, "SECRET_KEY is a placeholder that others know.", cure
    if any(len(old) < KEY_LENGTH for old in settings.SECRET_KEY_FALLBACKS):
        yield 7, "SECRET_KEY_FALLBACKS holds a short key.", "Take it out of WINNOW_OLD_SECRET_KEYS."
    if any(len(one) < KEY_LENGTH or len(set(one)) < 10 for one in settings.WINNOW_TOKEN_KEYS):
        yield (
            38,
            f"WINNOW_TOKEN_KEYS holds a key of fewer than {KEY_LENGTH} letters, or nearly all the same.",
            "Make one of 64 random letters; or leave it empty, and the signing key takes its place.",
        )


def refuse_plain_cookies() -> Refusals:
    for name in ("SESSION_COOKIE", "CSRF_COOKIE"):
        offset = 0 if name == "SESSION_COOKIE" else 1
        if settings.WINNOW_TEAM and not getattr(settings, f"{name}_SECURE"):
            yield (
                8 + offset,
                f"{name}_SECURE is off: the cookie would go over plain HTTP.",
                "Set WINNOW_HTTPS=true.",
            )
        if getattr(settings, f"{name}_SAMESITE") not in ("Lax", "Strict"):
            yield 10 + offset, f"{name}_SAMESITE lets other sites send the cookie.", "Set it to Lax."
    if not settings.SESSION_COOKIE_HTTPONLY:
        yield 12, "SESSION_COOKIE_HTTPONLY is off: scripts could read the session.", "Set it to True."


def refuse_plain_http() -> Refusals:
    if not settings.WINNOW_TEAM:
        return
    if not settings.SECURE_SSL_REDIRECT:
        yield 13, "SECURE_SSL_REDIRECT is off: passwords would go over plain HTTP.", "Set WINNOW_HTTPS=true."
    if settings.SECURE_HSTS_SECONDS < 3600:
        yield (
            14,
            "SECURE_HSTS_SECONDS is too small for browsers to insist on HTTPS.",
            "Set WINNOW_HTTPS=true.",
        )


def refuse_open_folders() -> Refusals:
    home = Path(settings.WINNOW_HOME)
    if os.name == "posix" and home.exists() and home.stat().st_mode & 0o077:
        yield 15, f"WINNOW_HOME ({home}) can be read by others.", f"Run: chmod 700 {home}"
    key = home / "secret_key"
    if os.name == "posix" and key.exists() and key.stat().st_mode & 0o077:
        yield 16, f"The key file {key} can be read by others.", f"Run: chmod 600 {key}"
    for name in ("FILE_UPLOAD_PERMISSIONS", "FILE_UPLOAD_DIRECTORY_PERMISSIONS"):
        mode = getattr(settings, name)
        if mode is None or mode & 0o077:
            yield (
                17,
                f"{name} lets others read what is uploaded.",
                "Set 0o600 for files and 0o700 for folders.",
            )


def refuse_careless_sqlite() -> Refusals:
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return
    options = database.get("OPTIONS", {})
    pragmas = options.get("init_command", "").replace(" ", "").lower()
    cure = "Leave DATABASES of config/settings.py as it is."
    if "journal_mode=wal" not in pragmas:
        yield 18, "DATABASES: SQLite without journal_mode=WAL makes readers wait for writers.", cure
    if "synchronous=full" not in pragmas:
        yield 19, "DATABASES: SQLite without synchronous=FULL may lose judgments at a power cut.", cure
    if options.get("transaction_mode") != "IMMEDIATE":
        yield 20, "DATABASES: SQLite without transaction_mode IMMEDIATE fails under two writers.", cure
    if options.get("timeout", 5) < 10:
        yield 21, "DATABASES: SQLite's timeout is under 10 s: a busy moment would become an error.", cure
    if database.get("ATOMIC_REQUESTS"):
        yield 22, "DATABASES: ATOMIC_REQUESTS takes SQLite's write lock on every page.", "Set it to False."
    if settings.WINNOW_TEAM:
        yield (
            23,
            "DATABASES: a team's machines cannot share one SQLite file.",
            "Set DATABASE_URL=postgresql://...",
        )
    kind = network_filesystem(Path(database["NAME"]))
    if kind:
        yield (
            24,
            f"WINNOW_HOME lies on a network drive ({kind}): SQLite would be damaged.",
            "Use a local disk.",
        )


def refuse_careless_postgresql() -> Refusals:
    database = settings.DATABASES["default"]
    if "postgresql" not in database["ENGINE"] or is_private_place(database.get("HOST") or ""):
        return
    if not database.get("PASSWORD"):
        yield (
            25,
            "DATABASE_URL has no password, and the server is not on this machine.",
            "Put a password in it.",
        )


def refuse_careless_broker() -> Refusals:
    accepted = {*settings.CELERY_ACCEPT_CONTENT, settings.CELERY_TASK_SERIALIZER}
    if accepted - {"json", "application/json"}:
        yield (
            26,
            "CELERY_ACCEPT_CONTENT takes more than JSON: a message could run code.",
            'Set it to ["json"].',
        )
    broker = urlsplit(settings.CELERY_BROKER_URL or "")
    if broker.hostname and not broker.password and not is_private_place(broker.hostname):
        yield (
            27,
            "REDIS_URL has no password, and the server is not on this machine.",
            "Use redis://:password@host.",
        )


def refuse_loose_content_policy() -> Refusals:
    policy = (getattr(settings, "CONTENT_SECURITY_POLICY", None) or {}).get("DIRECTIVES") or {}
    if not policy or "config.content_policy.ContentPolicyMiddleware" not in settings.MIDDLEWARE:
        yield (
            28,
            "CONTENT_SECURITY_POLICY is missing: injected text could run.",
            "Leave config/settings.py as it is.",
        )
        return
    sources = {str(source) for values in policy.values() for source in values}
    if any(source.startswith("'unsafe-") or source == "*" for source in sources):
        yield (
            29,
            "CONTENT_SECURITY_POLICY allows unsafe sources.",
            "Move the script or style to a file in static/.",
        )
    needed = {"default-src", "script-src", "object-src", "base-uri", "form-action", "frame-ancestors"}
    if needed - policy.keys():
        missing = ", ".join(sorted(needed - policy.keys()))
        yield (
            30,
            f"CONTENT_SECURITY_POLICY says nothing about {missing}.",
            "Leave config/settings.py as it is.",
        )


def refuse_open_doors() -> Refusals:
    cure = "Put it back into MIDDLEWARE."
    if "django.contrib.auth.middleware.LoginRequiredMiddleware" not in settings.MIDDLEWARE:
        yield 31, "MIDDLEWARE: LoginRequiredMiddleware is missing: pages would open to strangers.", cure
    if "django.middleware.csrf.CsrfViewMiddleware" not in settings.MIDDLEWARE:
        yield 32, "MIDDLEWARE: CsrfViewMiddleware is missing: other sites could act for a user.", cure
    permissions = settings.REST_FRAMEWORK.get("DEFAULT_PERMISSION_CLASSES", [])
    if not permissions or any(name.endswith("AllowAny") for name in permissions):
        yield (
            33,
            "REST_FRAMEWORK opens the API to strangers.",
            "Set DEFAULT_PERMISSION_CLASSES to IsAuthenticated.",
        )
    if settings.SESSION_SERIALIZER.endswith("PickleSerializer"):
        yield 34, "SESSION_SERIALIZER is pickle: a forged session could run code.", "Leave it at JSON."


def refuse_weak_sign_in() -> Refusals:
    guard = "axes.backends.AxesStandaloneBackend"
    if (
        guard not in settings.AUTHENTICATION_BACKENDS
        or not 0 < getattr(settings, "AXES_FAILURE_LIMIT", 0) <= 20
    ):
        yield (
            35,
            "AXES_FAILURE_LIMIT or its backend is missing: passwords could be guessed.",
            "Put them back.",
        )
    if any(word in settings.PASSWORD_HASHERS[0] for word in WEAK_HASHERS):
        yield 36, "PASSWORD_HASHERS begins with a weak one.", "Leave Django's list as it is."
    if not settings.AUTH_PASSWORD_VALIDATORS:
        yield 37, "AUTH_PASSWORD_VALIDATORS is empty: any password would do.", "Put the validators back."
