from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from config.checks import check_settings
from config.exposure import is_private_place, network_filesystem

KEY = "kW3vQ9xT7bZ1nM5pR8sL2dF6hJ4gC0yA-kW3vQ9xT7bZ1nM5pR8sL2dF6hJ4gC0yA"
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
}


def sqlite(**changes):
    options = {**SQLITE_OPTIONS, **changes.pop("options", {})}
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "/tmp/db.sqlite3",
        "OPTIONS": options,
        **changes,
    }
    return {"DATABASES": {"default": database}, "WINNOW_TEAM": False}


def postgresql(**changes):
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "winnow",
        "HOST": "db",
        "PASSWORD": "long enough",
    }
    return {"DATABASES": {"default": {**database, **changes}}}


def policy(**changes):
    directives = {**settings.CONTENT_SECURITY_POLICY["DIRECTIVES"], **changes}
    return {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {k: v for k, v in directives.items() if v is not None}}}


def without(name, value):
    return {name: [entry for entry in getattr(settings, name) if entry != value]}


@pytest.fixture
def change(monkeypatch):
    """Changes settings without telling the rest of Django, which would open databases that are not there."""

    def change(changes):
        for name, value in changes.items():
            monkeypatch.setattr(settings, name, value, raising=False)

    return change


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return home


@pytest.fixture
def production(change, home):
    """A team's settings as they should be."""
    change(
        {
            "WINNOW_HOME": home,
            "WINNOW_TEAM": True,
            "DEBUG": False,
            "ALLOWED_HOSTS": ["winnow.example.org"],
            "SECRET_KEY": KEY,
            "SESSION_COOKIE_SECURE": True,
            "CSRF_COOKIE_SECURE": True,
            "SECURE_SSL_REDIRECT": True,
            "SECURE_HSTS_SECONDS": 31_536_000,
            "CELERY_BROKER_URL": "redis://:long-enough@redis:6379/0",
            "PASSWORD_HASHERS": ["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
            **postgresql(),
        }
    )


WRONG = [
    ("E001", {"DEBUG": True}),
    ("E002", {"ALLOWED_HOSTS": ["*"]}),
    ("E003", {"ALLOWED_HOSTS": []}),
    ("E004", {"CSRF_TRUSTED_ORIGINS": ["http://winnow.example.org"]}),
    ("E004", {"CSRF_TRUSTED_ORIGINS": ["https://*.example.org"]}),
    ("E005", {"SECRET_KEY": "short"}),
    ("E005", {"SECRET_KEY": "a" * 80}),
    ("E006", {"SECRET_KEY": f"django-insecure-{KEY}"}),
    ("E007", {"SECRET_KEY_FALLBACKS": ["old"]}),
    ("E008", {"SESSION_COOKIE_SECURE": False}),
    ("E009", {"CSRF_COOKIE_SECURE": False}),
    ("E010", {"SESSION_COOKIE_SAMESITE": "None"}),
    ("E011", {"CSRF_COOKIE_SAMESITE": "None"}),
    ("E012", {"SESSION_COOKIE_HTTPONLY": False}),
    ("E013", {"SECURE_SSL_REDIRECT": False}),
    ("E014", {"SECURE_HSTS_SECONDS": 0}),
    ("E017", {"FILE_UPLOAD_PERMISSIONS": 0o644}),
    ("E017", {"FILE_UPLOAD_DIRECTORY_PERMISSIONS": 0o755}),
    ("E018", sqlite(options={"init_command": "PRAGMA synchronous=FULL"})),
    ("E019", sqlite(options={"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"})),
    ("E020", sqlite(options={"transaction_mode": None})),
    ("E021", sqlite(options={"timeout": 1})),
    ("E022", sqlite(ATOMIC_REQUESTS=True)),
    ("E023", {**sqlite(), "WINNOW_TEAM": True}),
    ("E025", postgresql(PASSWORD="")),
    ("E026", {"CELERY_ACCEPT_CONTENT": ["json", "pickle"]}),
    ("E027", {"CELERY_BROKER_URL": "redis://redis.example.org:6379/0"}),
    ("E028", {"CONTENT_SECURITY_POLICY": None}),
    ("E028", without("MIDDLEWARE", "config.content_policy.ContentPolicyMiddleware")),
    ("E029", policy(**{"script-src": ["'self'", "'unsafe-inline'"]})),
    ("E029", policy(**{"img-src": ["*"]})),
    ("E030", policy(**{"object-src": None})),
    ("E031", without("MIDDLEWARE", "django.contrib.auth.middleware.LoginRequiredMiddleware")),
    ("E032", without("MIDDLEWARE", "django.middleware.csrf.CsrfViewMiddleware")),
    ("E033", {"REST_FRAMEWORK": {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}}),
    ("E034", {"SESSION_SERIALIZER": "django.contrib.sessions.serializers.PickleSerializer"}),
    ("E035", {"AXES_FAILURE_LIMIT": 0}),
    ("E035", without("AUTHENTICATION_BACKENDS", "axes.backends.AxesStandaloneBackend")),
    ("E036", {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}),
    ("E037", {"AUTH_PASSWORD_VALIDATORS": []}),
]


def found():
    return [problem.id for problem in check_settings()]


@pytest.mark.usefixtures("production")
def test_production_settings_as_they_should_be_start():
    assert found() == []


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize(("refusal", "changes"), WRONG, ids=[f"{code}-{'-'.join(c)}" for code, c in WRONG])
def test_a_wrong_setting_is_refused_by_name_and_with_a_cure(change, refusal, changes):
    change(changes)

    problems = check_settings()

    assert [problem.id for problem in problems] == [f"winnow.{refusal}"]
    assert all(problem.msg and problem.hint for problem in problems)


@pytest.mark.usefixtures("production")
def test_a_home_that_others_can_read_is_refused(home):
    home.chmod(0o755)

    assert found() == ["winnow.E015"]


@pytest.mark.usefixtures("production")
def test_a_key_file_that_others_can_read_is_refused(home):
    key = home / "secret_key"
    key.write_text(KEY)
    key.chmod(0o644)

    assert found() == ["winnow.E016"]


@pytest.mark.usefixtures("production")
def test_a_laptop_may_use_plain_http_and_sqlite(change):
    change({**sqlite(), "SESSION_COOKIE_SECURE": False, "SECURE_SSL_REDIRECT": False})

    assert found() == []


@pytest.mark.parametrize(
    ("kind", "place", "expected"),
    [("ext4", "/data", ""), ("nfs4", "/data", "nfs4"), ("cifs", "/data", "cifs"), ("nfs4", "/elsewhere", "")],
)
def test_a_network_drive_is_told_from_a_local_disk(tmp_path, kind, place, expected):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {place} {kind} rw 0 0\n")

    assert network_filesystem(Path("/data/winnow/db.sqlite3"), mounts=mounts) == expected


@pytest.mark.parametrize(
    ("host", "private"),
    [("", True), ("localhost", True), ("127.0.0.1", True), ("::1", True), ("/run/postgresql", True)]
    + [("10.0.0.3", False), ("db.example.org", False), ("0.0.0.0", False)],
)
def test_only_this_machine_counts_as_private(host, private):
    assert is_private_place(host) == private
