"""A process of its own that uploads one folder to a hub: JSON on standard input, JSON lines back.

In: folder, repository, tag, endpoint, token, private. Out: {"done": bytes} after each file, and at the end
{"address": …}. Ends with 75 where the same may work later.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

PASSING = 75
# What a release may have there of an earlier version.
OWN = ("data/", "jsonl/")
KIND: Any = "dataset"


class Refused(Exception):
    pass


def main() -> int:
    from huggingface_hub.errors import HfHubHTTPError

    asked = json.load(sys.stdin)
    try:
        say(address=upload(asked))
    except HfHubHTTPError as trouble:
        status = trouble.response.status_code if trouble.response is not None else 0
        sys.stderr.write(f"{trouble.server_message or 'no word'} (status {status})\n")
        return PASSING if status == 429 or status >= 500 else 1
    except Refused as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    except Exception as trouble:
        # Of whatever client it uses: not reached, or cut off.
        sys.stderr.write(f"{type(trouble).__name__}: {trouble}\n")
        return PASSING if type(trouble).__module__.startswith(("http", "socket", "ssl")) else 1
    return 0


def say(**told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def upload(asked: dict[str, Any]) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api = HfApi(endpoint=asked["endpoint"], token=asked["token"])
    repository, folder = asked["repository"], Path(asked["folder"])
    api.create_repo(repository, repo_type=KIND, private=asked["private"], exist_ok=True)
    standing = api.dataset_info(repository)
    if asked["private"] and not standing.private:
        raise Refused(f"{repository} is public. Make it private there, or say that it shall be public.")
    address = f"{asked['endpoint']}/datasets/{repository}/tree/{asked['tag']}"
    if already_there(api, asked):
        return address
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in files]
    added = [CommitOperationAdd(name, str(path)) for name, path in zip(names, files, strict=True)]
    done = 0
    for operation, path in zip(added, files, strict=True):
        api.preupload_lfs_files(repository, [operation], repo_type=KIND, free_memory=False)
        done += path.stat().st_size
        say(done=done)
    stale = [
        CommitOperationDelete(one.rfilename)
        for one in standing.siblings or ()
        if one.rfilename.startswith(OWN) and one.rfilename not in names
    ]
    made = api.create_commit(
        repository, [*added, *stale], commit_message=f"Release {asked['tag']}", repo_type=KIND
    )
    api.create_tag(repository, tag=asked["tag"], revision=made.oid, repo_type=KIND)
    return address


def already_there(api: Any, asked: dict[str, Any]) -> bool:
    """Whether the tag names this very release. Raises Refused where it names another."""
    from huggingface_hub.errors import RevisionNotFoundError

    try:
        found = api.get_paths_info(
            asked["repository"], ["manifest.json"], revision=asked["tag"], repo_type=KIND
        )
    except RevisionNotFoundError:
        return False
    manifest = (Path(asked["folder"]) / "manifest.json").read_bytes()
    names = [one.lfs.sha256 if one.lfs else one.blob_id for one in found]
    if names in ([git_name(manifest)], [hashlib.sha256(manifest).hexdigest()]):
        return True
    raise Refused(f"{asked['tag']} is another release there. A release is never overwritten.")


def git_name(content: bytes) -> str:
    """What git calls a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
