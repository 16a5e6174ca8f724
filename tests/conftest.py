"""People and places that every test may call by name."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

# A machine that is busy with other work makes slow examples, not wrong ones.
settings.register_profile("winnow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("winnow")

# Playwright keeps an event loop in the thread of the test; Django would take its database calls for
# asynchronous ones.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items):
    browser = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
    if browser is None:
        skip = pytest.mark.skip(reason="Chromium is not installed (Debian: apt-get install chromium)")
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def english():
    """Whoever chose another language in a test leaves it to nobody else: a request leaves its own active."""
    from django.utils import translation

    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def empty_cache():
    """What one test had counted says nothing about the next one's database."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session")
def chromium_path():
    return next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@pytest.fixture
def project(db):
    from tests.factories import make_project

    return make_project()


@pytest.fixture
def member(project):
    """Makes somebody with a role in the project."""
    from django.contrib.auth.models import User

    from annotate.models import Membership

    def member(name, role):
        user = User.objects.create_user(username=name, password="a good password")
        Membership.objects.create(project=project, user=user, role=role)
        return user

    return member


@pytest.fixture
def lead(member):
    return member("lead", "lead")


@pytest.fixture
def reviewer(member):
    return member("reviewer", "reviewer")


@pytest.fixture
def annotator(member):
    return member("annotator", "annotator")


@pytest.fixture
def second_annotator(member):
    return member("second_annotator", "annotator")


@pytest.fixture
def stranger(db):
    """Signed in, and a member of nothing."""
    from django.contrib.auth.models import User

    return User.objects.create_user(username="stranger", password="a good password")


@pytest.fixture
def site_admin(db):
    from django.contrib.auth.models import User

    return User.objects.create_superuser(username="site_admin", password="a good password")
