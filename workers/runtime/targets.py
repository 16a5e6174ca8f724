"""Send a folder elsewhere: to a place that fsspec knows, or to a dataset repository of a Hugging Face hub."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from workers.runtime.errors import EndpointUnavailable, MissingPackage, TargetRefused

LAST = "manifest.json"
PIECE = 1 << 20
HUB_SCRIPT = Path(__file__).with_name("hub_upload.py")
# What the child says when the same may work later.
PASSING = 75

Progress = Callable[[int], object]


def push_folder(folder: Path, url: str, *, progress: Progress = lambda done: None) -> str:
    """Copy every file below ``url``, the manifest last; returns the address. ``progress`` gets bytes.

    What is there already with the same bytes is left, so a copy that broke off goes on where it stopped.
    Raises TargetRefused where another release lies there, MissingPackage for a kind of storage that needs
    one, EndpointUnavailable where the storage cannot be reached.
    """
    import fsspec

    try:
        storage, root = fsspec.core.url_to_fs(url)
    except ImportError as trouble:
        raise MissingPackage(
            f"{url.partition('://')[0]}:// needs a package that is not installed: {trouble}"
        ) from trouble
    except ValueError as trouble:
        raise TargetRefused(f"There is no such kind of storage: {url.partition('://')[0]}://.") from trouble
    try:
        _copy(folder, storage, root.rstrip("/"), progress)
    except OSError as trouble:
        raise EndpointUnavailable(f"The storage could not be written: {trouble}") from trouble
    return url


def _copy(folder: Path, storage: Any, root: str, progress: Progress) -> None:
    manifest = f"{root}/{LAST}"
    if storage.exists(manifest) and not _same(folder / LAST, storage, manifest):
        raise TargetRefused(
            "Another release lies there already. Choose another place; a release is never overwritten."
        )
    files = sorted(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda path: (path.name == LAST, path)
    )
    done = 0
    for path in files:
        there = f"{root}/{path.relative_to(folder).as_posix()}"
        if not (storage.exists(there) and _same(path, storage, there)):
            storage.makedirs(there.rpartition("/")[0], exist_ok=True)
            storage.put_file(str(path), there)
        done += path.stat().st_size
        progress(done)


def _same(path: Path, storage: Any, there: str) -> bool:
    if storage.size(there) != path.stat().st_size:
        return False
    with path.open("rb") as mine, storage.open(there, "rb") as theirs:
        return _digest(mine) == _digest(theirs)


def _digest(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := stream.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


def push_to_hub(
    folder: Path,
    repository: str,
    *,
    tag: str,
    endpoint: str,
    token: str,
    private: bool = True,
    progress: Progress = lambda done: None,
) -> str:
    """Upload a folder as one commit of a dataset repository and tag it; returns the commit's address.

    The repository is made where there is none, private unless told otherwise; a public one is refused where
    a private one was asked for. Files whose bytes the hub has are not sent again, and a tag that names the
    same manifest is left: doing it twice does nothing twice. In a process of its own, which gets the token
    by a pipe: this process stays offline, and no list of processes shows it. ``progress`` gets bytes.

    Raises TargetRefused for what will be refused again, EndpointUnavailable for what may pass.
    """
    asked = {
        "folder": str(folder), "repository": repository, "tag": tag, "endpoint": endpoint, "token": token,
        "private": private,
    }  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, str(HUB_SCRIPT)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=_quiet_environment(),
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    words, said = child.stderr, list[str]()
    listening = threading.Thread(target=lambda: said.extend(words), daemon=True)
    listening.start()
    address = ""
    try:
        child.stdin.write(json.dumps(asked))
        child.stdin.close()
        for line in child.stdout:
            told = json.loads(line)
            address = told.get("address", address)
            if "done" in told:
                progress(told["done"])
    except BaseException:
        # The caller gave up, as when the job was cancelled: it must not go on.
        child.kill()
        raise
    finally:
        child.wait()
        listening.join()
        child.stdout.close()
        child.stderr.close()
    if child.returncode:
        last = next((line.strip() for line in reversed(said) if line.strip()), "it ended without a word")
        kind = EndpointUnavailable if child.returncode == PASSING else TargetRefused
        raise kind(f"The hub did not take it: {last.replace(token, '…')[:300]}")
    return address


def _quiet_environment() -> dict[str, str]:
    """No token and no endpoint but those that are handed over."""
    others = ("HF_", "HUGGING", "WINNOW_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    switches = ("DISABLE_XET", "DISABLE_TELEMETRY", "DISABLE_PROGRESS_BARS", "DISABLE_IMPLICIT_TOKEN")
    return kept | {f"HF_HUB_{name}": "1" for name in switches}
