"""What the model folders of this machine are good for, without loading any of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from workers.runtime.errors import ModelRefused
from workers.runtime.packaged import PACKAGED_FOLDER
from workers.runtime.pair_model import ARCHITECTURE
from workers.runtime.safety import refuse_unsafe
from workers.runtime.sources import NAME, PACKAGED

MODELS_LISTED = 200
WORDS = {
    "text": "a language model",
    "reward": "a reward model",
    "pair": "a model that reads two responses side by side",
}


@dataclass(frozen=True, slots=True)
class OnShelf:
    """``gives``: "text" for a language model, "reward", "pair" for PairRM's architecture; "" with a
    ``refusal``."""

    name: str
    gives: str
    refusal: str = ""


def on_shelf(home: Path) -> list[OnShelf]:
    """The folders in the place where this installation keeps models, and those fetched from the hub."""
    if not home.is_dir():
        return []
    local = [
        (path.name, path) for path in sorted(home.iterdir()) if path.name not in ("hub", PACKAGED_FOLDER)
    ]
    fetched = sorted((home / "hub").iterdir()) if (home / "hub").is_dir() else []
    hub = [(path.name.replace("--", "/", 1), path) for path in fetched]
    folders = [
        (name, path) for name, path in [*local, *hub] if path.is_dir() and not path.name.startswith(".")
    ]
    return [_looked_at(name, path) for name, path in folders[:MODELS_LISTED]]


def refusal(name: str, wanted: str, home: Path) -> str | None:
    """Why the model of this name cannot give what is ``wanted``; None where it can, or where it is not on
    this machine and only loading it there would tell.

    ``wanted``: "text", "reward" or "pair".
    """
    if name in ("", PACKAGED):
        return None if wanted == "text" else "The packaged model writes text; it gives no rewards."
    found = NAME.fullmatch(name)
    if found is None:
        return f"{name[:80]!r} names no model: give a folder's name, or owner/name@commit with 40 hex digits."
    if found["owner"] and not found["revision"]:
        return f"{name} names no revision: pin one with @ and the commit's 40 hex digits."
    place = f"{found['owner']}--{found['name']}@{found['revision']}"
    path = home / "hub" / place if found["owner"] else home / found["name"]
    if not path.is_dir():
        return None
    seen = _looked_at(name, path)
    if seen.refusal:
        return seen.refusal
    # A classifier with one output may have been trained on single responses or on pairs: its user knows.
    fits = seen.gives == wanted or (seen.gives == "reward" and wanted == "pair")
    return None if fits else f"{name} is {WORDS[seen.gives]}, not {WORDS[wanted]}."


def _looked_at(name: str, path: Path) -> OnShelf:
    try:
        refuse_unsafe(path)
        return OnShelf(name, _gives(name, path))
    except ModelRefused as refused:
        return OnShelf(name, "", str(refused))


def _gives(name: str, path: Path) -> str:
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    kinds = config.get("architectures") or [""]
    kind = kinds[0] if isinstance(kinds, list) and isinstance(kinds[0], str) else ""
    if kind == ARCHITECTURE:
        return "pair"
    if kind.endswith("ForSequenceClassification"):
        labels = config.get("id2label")
        outputs = len(labels) if isinstance(labels, dict) else config.get("num_labels", 2)
        if outputs != 1:
            raise ModelRefused(f"{name} gives {outputs} numbers; a reward model gives one.")
        return "reward"
    if kind.endswith(("ForCausalLM", "LMHeadModel")):
        return "text"
    raise ModelRefused(
        f"{name} is of a kind that is not scored with ({kind[:60] or 'no architecture named'})."
    )
