"""Rules that matter are executable."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("annotate", "bench", "config", "curation", "tests", "workers")
SLOW_PACKAGES = ("torch", "transformers", "datasets", "sklearn")


def files(pattern, *folders):
    found = [path for folder in folders for path in (ROOT / folder).rglob(pattern)]
    return sorted(path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts)


def tracked_files():
    """What git knows, or would; whoever has no git gets the sources."""
    asked = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(asked, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        return files("*.py", *PACKAGES)
    return [Path(name) for name in listed if name and (ROOT / name).is_file()]


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)


PYTHON = [path for path in files("*.py", *PACKAGES) if "migrations" not in path.parts] + [Path("manage.py")]
WRITTEN = [
    *PYTHON,
    *files("*.html", "templates"),
    *(path for kind in ("*.css", "*.js") for path in files(kind, "static") if "vendor" not in path.parts),
]
VIEWS = [path for path in PYTHON if path.parts[:2] in {(a, b) for a in PACKAGES for b in ("views", "api")}]
ISLANDS = (
    "annotate.questions",
    "annotate.readers",
    "annotate.rendering",
    "curation.numerics",
    "curation.formats",
    "workers.runtime",
)
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "PORT")


@pytest.mark.parametrize("path", WRITTEN, ids=str)
def test_a_file_fits_on_a_few_screens(path):
    assert len((ROOT / path).read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", VIEWS, ids=str)
def test_a_view_reaches_objects_only_through_the_doors(path):
    lines = (ROOT / path).read_text().splitlines()

    assert [line for line in lines if re.search(r"\.objects\b|_default_manager\b", line)] == []


@pytest.mark.parametrize("path", files("*.html", "templates"), ids=str)
def test_a_template_included_by_another_is_a_fragment(path):
    included = re.findall(r"{%\s*include\s+[\"']([^\"']+)[\"']", (ROOT / path).read_text())

    assert [name for name in included if not name.rpartition("/")[2].startswith("_")] == []


@pytest.mark.parametrize("path", files("*.html", "templates"), ids=str)
def test_a_fragment_is_no_page_and_a_page_no_fragment(path):
    text = (ROOT / path).read_text()
    is_page = "{% extends" in text or "<!doctype" in text.lower()

    assert is_page == (not path.name.startswith("_"))


@pytest.mark.parametrize("path", files("*.html", "templates"), ids=str)
def test_a_template_holds_no_script_or_style_of_its_own(path):
    text = (ROOT / path).read_text()
    found = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=", text)

    assert found == []


def test_starting_django_loads_no_slow_package():
    loaded = run_python(
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup();"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        f"print([name for name in {SLOW_PACKAGES!r} if name in sys.modules])"
    )

    assert (loaded.stdout.strip(), loaded.stderr) == ("[]", "")


@pytest.mark.parametrize("island", ISLANDS)
def test_an_island_needs_no_django(island):
    loaded = run_python(
        f"import importlib, pkgutil, sys; island = importlib.import_module({island!r});"
        "names = [f'{island.__name__}.{part.name}' for part in pkgutil.iter_modules(island.__path__)];"
        "[importlib.import_module(name) for name in names];"
        f"print([name for name in ('django', 'celery', *{SLOW_PACKAGES!r}) if name in sys.modules])"
    )

    assert (loaded.stdout.strip(), loaded.stderr) == ("[]", "")


def environment_names():
    kinds = "text|flag|number|words|choice|database|bound_keys|named"
    read = rf"(?:env\.(?:{kinds})|environ\.get)\(\s*\"([A-Z_]+)\""
    sources = [path for path in PYTHON if path.parts[0] in ("annotate", "config", "curation", "workers")]
    names = {name for path in sources for name in re.findall(read, (ROOT / path).read_text())}
    return sorted(
        name for name in names if name.startswith("WINNOW_") or name in ("DATABASE_URL", "REDIS_URL", "PORT")
    )


# Set by the supervisor for its own children; nobody else sets it.
INTERNAL = {"WINNOW_SUPERVISED"}


@pytest.mark.parametrize("place", [".env.example", "docs/operations.md"])
def test_every_variable_is_described(place):
    text = (ROOT / place).read_text()

    assert [name for name in environment_names() if name not in INTERNAL and name not in text] == []


def test_the_example_describes_only_variables_that_are_read():
    offered = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    compose = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))

    assert sorted(offered - set(environment_names()) - compose) == []


def test_no_file_names_a_place_on_this_machine():
    places = (str(ROOT), str(Path.home()) + "/")
    wrong = []
    for path in tracked_files():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content[:8000]:
            wrong += [str(path) for place in places if len(place) > 5 and place.encode() in content]

    assert wrong == []


def test_every_job_kind_has_a_handler():
    from annotate.enums import JobKind
    from workers.handlers import HANDLERS

    assert set(HANDLERS) == set(JobKind.values)


def test_the_lock_names_no_build_of_one_machine():
    lines = (ROOT / "constraints.txt").read_text().splitlines()

    assert [line for line in lines if not re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []
