"""The real settings, on an empty home of its own, and quick where quickness changes nothing that is
tested."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_scratch = Path(tempfile.mkdtemp(prefix="winnow-tests-"))
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)
# Converted models are worth keeping from run to run.
os.environ["WINNOW_MODELS"] = os.environ.get("WINNOW_MODELS") or str(
    Path(__file__).parent.parent / "var" / "models"
)
for _name in [
    name for name in os.environ if name.startswith("WINNOW_") and not name.startswith("WINNOW_TEST_")
]:
    if _name != "WINNOW_MODELS":
        del os.environ[_name]
for _name in ("DATABASE_URL", "REDIS_URL", "PORT"):
    os.environ.pop(_name, None)
os.environ["WINNOW_HOME"] = str(_scratch / "home")
# The second run of .ci/run: the same tests on PostgreSQL.
if os.environ.get("WINNOW_TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["WINNOW_TEST_DATABASE_URL"]
    os.environ["WINNOW_MODE"] = "laptop"

from config.settings import *  # noqa: E402, F403  # the environment is set first
from config.settings import DATABASES, REST_FRAMEWORK  # noqa: E402  # as above

for _name in ("DATABASE_URL", "WINNOW_MODE"):
    os.environ.pop(_name, None)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
AXES_ENABLED = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
WHITENOISE_AUTOREFRESH = True
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, for threads and processes share it; not forced to disk, for it is thrown away.
    DATABASES["default"]["TEST"] = {"NAME": str(_scratch / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
