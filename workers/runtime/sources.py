"""Turn the name of a model into a folder to load it from.

Three kinds of name:

- ``smollm2``: the small model that is installed as a package;
- ``folder`` or ``folder@digest``: a folder inside the place where this installation keeps models; its
  revision is a digest of its files, and a digest that is given must be that one;
- ``owner/name@revision``: a model of the Hugging Face hub at a commit of 40 hex digits, fetched once.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from workers.runtime.errors import ModelRefused
from workers.runtime.packaged import PACKAGED_FOLDER, ModelFolder, file_revision, smollm2
from workers.runtime.safety import refuse_unsafe

PACKAGED = "smollm2"
NAME = re.compile(
    r"(?:(?P<owner>[A-Za-z0-9][\w.-]{0,95})/)?(?P<name>[A-Za-z0-9][\w.-]{0,95})(?:@(?P<revision>[0-9a-f]{40}))?"
)
# What is fetched of a repository: settings, tokenizer, safe weights, and nothing that is code.
WANTED = ["*.json", "*.safetensors", "*.jinja", "tokenizer.model", "*.txt"]
FETCH_SECONDS = 3600.0
# So often is the caller told that the fetching goes on.
BEAT_SECONDS = 5.0
FETCH = "import sys, huggingface_hub as hub; hub.snapshot_download(sys.argv[1], revision=sys.argv[2], \
local_dir=sys.argv[3], allow_patterns=sys.argv[4:])"


def find_model(name: str, home: Path, *, alive: Callable[[], object] | None = None) -> ModelFolder:
    """The folder of the model called ``name``, see above; "" is the packaged one.

    ``home``: where this installation keeps models. ``alive``: called every few seconds while a model is
    fetched. Raises ModelRefused for a name that is none, a folder that is not there, a digest that does not
    fit, or a model that cannot be fetched; MissingPackage.
    """
    if name in ("", PACKAGED):
        return smollm2(home)
    found = NAME.fullmatch(name)
    if found is None:
        raise ModelRefused(
            f"{name[:80]!r} names no model. Give a folder's name, or owner/name@commit with 40 hex digits."
        )
    owner, short, revision = found["owner"], found["name"], found["revision"]
    if owner is None:
        return _local(home / short, revision)
    if revision is None:
        raise ModelRefused(f"{name} names no revision. Pin one: {name}@ and the commit's 40 hex digits.")
    return _fetched(f"{owner}/{short}", revision, home, alive)


def known_revision(name: str, home: Path) -> str | None:
    """The revision that ``find_model`` would give, where it can be told without converting or fetching; None
    where it cannot, or the name is none."""
    if name in ("", PACKAGED):
        note = home / PACKAGED_FOLDER / "revision"
        return note.read_text().strip() if note.is_file() else None
    found = NAME.fullmatch(name)
    if found is None or found["revision"] or found["owner"]:
        return found["revision"] if found else None
    folder = home / found["name"]
    return folder_digest(folder) if folder.is_dir() else None


def folder_digest(path: Path) -> str:
    """40 hex digits over the names and bytes of a folder's files; hidden ones and Markdown do not count."""
    digest = hashlib.sha256()
    for name in sorted(path.rglob("*")):
        inside = name.relative_to(path)
        hidden = any(part.startswith(".") for part in inside.parts)
        if name.is_file() and not hidden and name.suffix != ".md":
            digest.update(f"{inside.as_posix()}\0{file_revision(name)}\n".encode())
    return digest.hexdigest()[:40]


def _local(path: Path, revision: str | None) -> ModelFolder:
    if not path.is_dir():
        raise ModelRefused(f"There is no model folder called {path.name} here.")
    refuse_unsafe(path)
    digest = folder_digest(path)
    if revision not in (None, digest):
        raise ModelRefused(f"{path.name} is not what was asked for: its digest is {digest}.")
    return ModelFolder(path, path.name, digest)


def _fetched(repository: str, revision: str, home: Path, alive: Callable[[], object] | None) -> ModelFolder:
    target = home / "hub" / f"{repository.replace('/', '--')}@{revision}"
    if not target.is_dir():
        part = target.with_name(f".fetching-{os.getpid()}-{target.name}")
        part.mkdir(parents=True, mode=0o700)
        try:
            _fetch(repository, revision, part, alive)
            refuse_unsafe(part)
            if not target.is_dir():
                part.replace(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return ModelFolder(target, repository, revision)


def _fetch(repository: str, revision: str, part: Path, alive: Callable[[], object] | None) -> None:
    """In a process of its own: this one stays offline, and lives on if the network hangs."""
    command = [sys.executable, "-c", FETCH, repository, revision, str(part), *WANTED]
    child = subprocess.Popen(
        command, env=os.environ | {"HF_HUB_OFFLINE": "0"}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + FETCH_SECONDS
    said = b""
    try:
        while child.poll() is None and time.monotonic() < deadline:
            try:
                _out, said = child.communicate(timeout=BEAT_SECONDS)
            except subprocess.TimeoutExpired:
                if alive is not None:
                    alive()
    finally:
        child.kill()
        child.communicate()
    if child.returncode != 0:
        last = said.decode(errors="replace").strip().split("\n")[-1][:200]
        raise ModelRefused(f"{repository} could not be fetched: {last or 'it took too long'}.")
    shutil.rmtree(part / ".cache", ignore_errors=True)
