"""All settings, in one file. What can be set from outside is read through config.environment and is listed in
.env.example and docs/operations.md (a test compares the three).

Two modes. On a laptop: SQLite, no broker, plain HTTP on loopback, one command. In a team: PostgreSQL, Redis
and Celery, HTTPS in front. A database or broker address chooses the team's mode, WINNOW_MODE overrules.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from config import environment as env
from config.home import prepare_home, read_or_make_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
WINNOW_VERSION = "0.1.0"

# Where things are

WINNOW_HOME = prepare_home(Path(env.text("WINNOW_HOME", str(BASE_DIR / "var"))).expanduser().absolute())
WINNOW_MODELS = Path(env.text("WINNOW_MODELS", str(WINNOW_HOME / "models"))).expanduser().absolute()
CELERY_BROKER_URL = env.text("REDIS_URL")
_postgres = env.database("DATABASE_URL")
WINNOW_MODE = env.choice(
    "WINNOW_MODE", default="team" if _postgres or CELERY_BROKER_URL else "laptop", allowed=("laptop", "team")
)
WINNOW_TEAM = WINNOW_MODE == "team"
WINNOW_HTTPS = env.flag("WINNOW_HTTPS", default=WINNOW_TEAM)
# Bearer tokens for model endpoints; never stored, never shown. Leads know them by name, and whoever may type
# an address must not be able to send somebody's key there: each goes to its own origin alone.
WINNOW_ENDPOINT_KEYS = env.bound_keys("WINNOW_ENDPOINT_KEYS")
env.gone("WINNOW_ENDPOINT_KEY", "Bind the key to its host: WINNOW_ENDPOINT_KEYS=main@api.example.com=key.")
# Where releases may be sent besides a hub, by names that leads may choose: name=address of fsspec.
WINNOW_RELEASE_TARGETS = env.named("WINNOW_RELEASE_TARGETS")
# The hub that workers send releases to; empty: the one that huggingface_hub knows.
WINNOW_HUB_ENDPOINT = env.text("WINNOW_HUB_ENDPOINT").rstrip("/")
# Private networks and names that workers may call. A laptop's own models answer on loopback.
WINNOW_PRIVATE_ENDPOINTS = env.words(
    "WINNOW_PRIVATE_ENDPOINTS", default=() if WINNOW_TEAM else ("127.0.0.0/8", "::1", "localhost")
)
# How long a worker waits for an endpoint's whole reply, in seconds: less than a job's lease.
WINNOW_ENDPOINT_SECONDS = 60.0

# Django

DEBUG = env.flag("WINNOW_DEBUG", default=False)
SECRET_KEY = env.text("WINNOW_SECRET_KEY") or read_or_make_secret_key(WINNOW_HOME)
SECRET_KEY_FALLBACKS = env.words("WINNOW_OLD_SECRET_KEYS")
# What leads' own hub tokens are sealed with: the first seals, all of them open. Web and workers need them.
WINNOW_TOKEN_KEYS = env.words("WINNOW_TOKEN_KEYS", default=(SECRET_KEY, *SECRET_KEY_FALLBACKS))
ALLOWED_HOSTS = env.words("WINNOW_HOSTS", default=() if WINNOW_TEAM else ("localhost", "127.0.0.1", "[::1]"))
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "axes",
    "config.apps.SettingsConfig",
    "annotate.apps.AnnotateConfig",
    "curation.apps.CurationConfig",
    "workers.apps.WorkersConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Above WhiteNoise, so that static files carry the policy as well.
    "config.content_policy.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
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
        },
    },
]

# Database. An acknowledged judgment is somebody's work: FULL survives a power cut, NORMAL may not. IMMEDIATE
# makes a transaction that will write wait its turn instead of failing half way. How long it waits for other
# processes is less than a page waits for its reply, which config.busy then gives.

_patience = 20
_sqlite: dict[str, Any] = {
    "ENGINE": "config.sqlite3",
    "NAME": WINNOW_HOME / "db.sqlite3",
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": _patience,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
    },
}
DATABASES: dict[str, dict[str, Any]] = {"default": _sqlite}
if _postgres is not None:
    _wait = {"options": f"-c lock_timeout={_patience}s"} | _postgres.get("OPTIONS", {})
    DATABASES = {"default": {**_postgres, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "OPTIONS": _wait}}

# What may be forgotten at any time: sessions read before, counts of a moment ago. Where several web processes
# share nothing, each asks the database for the session, because one that ended in one must end in all.

if CELERY_BROKER_URL:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CELERY_BROKER_URL}
    }
_shared_cache = bool(CELERY_BROKER_URL) or not WINNOW_TEAM
SESSION_ENGINE = "django.contrib.sessions.backends." + ("cached_db" if _shared_cache else "db")

# Signing in

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "annotate.accounts.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
# Five wrong tries from one address on one account, then a quarter of an hour; the account stays open
# elsewhere.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

# What a browser may do with our pages

# Whose pictures texts may show. These hosts learn when a picture is looked at: none by default.
WINNOW_IMAGE_HOSTS = [host.lower() for host in env.words("WINNOW_IMAGE_HOSTS")]
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *(f"https://{host}" for host in WINNOW_IMAGE_HOSTS)],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = WINNOW_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = WINNOW_HTTPS
CSRF_TRUSTED_ORIGINS = env.words("WINNOW_ORIGINS")
SECURE_SSL_REDIRECT = WINNOW_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if WINNOW_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = WINNOW_HTTPS
SECURE_HSTS_PRELOAD = WINNOW_HTTPS
# Only where a proxy that we run sets this header, and strips it from what comes in, may it be believed.
if env.flag("WINNOW_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Files

STATIC_URL = "/static/"
# Only a team collects its static files; WhiteNoise warns about a folder that is not there.
_static = Path(env.text("WINNOW_STATIC_ROOT", str(WINNOW_HOME / "static")))
STATIC_ROOT = _static if WINNOW_TEAM or _static.is_dir() else None
STATICFILES_DIRS = [BASE_DIR / "static"]
# Nobody runs collectstatic on a laptop; without the finders there would be no stylesheet.
WHITENOISE_USE_FINDERS = not _static.is_dir()
WHITENOISE_AUTOREFRESH = DEBUG
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_TEMP_DIR = str(WINNOW_HOME / "uploads")

# API

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "EXCEPTION_HANDLER": "annotate.api.errors.answer_refusals",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "30/min", "user": "1200/min"},
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Winnow",
    "DESCRIPTION": "People and models judge candidate responses; teams turn them into preference data.",
    "VERSION": WINNOW_VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Token", "TOKEN_LIMIT_PER_USER": 20}

# Celery, in team mode only; the rest of it is in workers/celery.py

CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"

# Language, time, log

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = WINNOW_HTTPS
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "plain"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.choice("WINNOW_LOG", default="INFO", allowed=("DEBUG", "INFO", "WARNING", "ERROR")),
    },
    "loggers": {"django": {"handlers": [], "propagate": True}, "axes": {"level": "WARNING"}},
}
