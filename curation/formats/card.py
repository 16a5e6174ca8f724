"""The dataset card: README.md of a release, made from its manifest alone, so that the two cannot disagree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

# One split, named file by file: the JSONL beside it holds the same rows and must not be loaded as more.
DATA_FILES = {"train": "data/train.parquet"}

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

COLUMNS = {
    "id": "name of the item in its source",
    "prompt": "messages before the response, each with `role` and `content`",
    "chosen": "the preferred response, as one assistant message",
    "rejected": "the other response, as one assistant message",
    "strength": "size of the mean preference, 0 to 3",
    "margin": "a third of the mean preference towards the chosen side, 0 to 1",
    "confidence": "share of the judges who gave the verdict",
    "n_judges": "how many judges the verdict rests on",
    "chosen_model": "the model that wrote the chosen response, where known",
    "rejected_model": "the model that wrote the rejected response, where known",
    "ln_ches": "length-normalised CHES score of the pair, where it was scored; higher is riskier for DPO",
    "provenance": "where the row comes from, as JSON text",
}

LOADING = """\
```python
from datasets import load_dataset
from trl import DPOConfig, DPOTrainer

train = load_dataset("path/to/this/folder", split="train")
DPOTrainer(model="your/model", args=DPOConfig(output_dir="out"), train_dataset=train).train()
```

The rows are preferences with an explicit prompt in the conversational shape, which `RewardTrainer` reads as
well; it adds `margin` to its loss. To train without margins, remove that column first."""


def render_card(manifest: Mapping[str, Any]) -> bytes:
    """README.md as UTF-8 bytes.

    Reads from the manifest ``rows`` and, each of them optional: ``title`` or ``project``, ``description``,
    ``language`` (codes), ``licence``, ``sources`` (texts, or objects with ``name``, ``licence``, ``url``),
    ``protocol``, ``guidelines`` (version), ``questions`` (``key``, ``kind``, ``text``), ``settled_by``,
    ``counts``, ``judges`` (kind to number), ``agreement`` (pool to null or ``alpha`` or ``alpha_ordinal``,
    ``low``, ``high``, ``items``, ``judgments``), ``recipe``, ``steps`` (``step``, ``kept``, ``dropped`` and
    notes), ``scorers``, ``software``, ``models`` (name to version). Other keys stay in the manifest alone.
    """
    title = _line(manifest.get("title") or manifest.get("project") or "Preference pairs")
    parts = [
        f"---\n{_front_matter(manifest, title)}---\n",
        f"# {title}\n",
        *_paragraph(manifest.get("description")),
        f"{manifest['rows']} pairs of responses, each with the side its judges preferred.\n",
        *_section("How to load", [LOADING]),
        *_section(
            "Columns", _table(("column", "meaning"), [(f"`{name}`", COLUMNS[name]) for name in COLUMNS])
        ),
        *_section("How it was collected", _protocol(manifest)),
        *_section("Counts", _terms(manifest.get("counts"))),
        *_section("Judges", _terms(manifest.get("judges"))),
        *_section("Agreement", _agreement(manifest.get("agreement"))),
        *_section("Recipe", _terms(_recipe(manifest.get("recipe")))),
        *_section("What each step kept and dropped", _steps(manifest.get("steps"))),
        *_section("Licence and sources", _sources(manifest)),
        *_section("Software and models", _software(manifest)),
        "`manifest.json` holds all of this, with the SHA-256 of every file.\n",
    ]
    return "\n".join(parts).encode("utf-8")


def _front_matter(manifest: Mapping[str, Any], title: str) -> str:
    licence = _line(manifest.get("licence") or "unknown")
    known = re.fullmatch(r"[a-z0-9][a-z0-9.-]*", licence.lower())
    front: dict[str, Any] = {"pretty_name": title, "license": licence.lower() if known else "other"}
    if not known:
        front["license_name"] = licence
    if manifest.get("language"):
        front["language"] = [_line(code) for code in manifest["language"]]
    front["size_categories"] = [next((name for top, name in SIZES if manifest["rows"] < top), "1M<n<10M")]
    front["tags"] = ["preference", "rlhf", "dpo", "reward-modeling", "trl"]
    files = [{"split": split, "path": path} for split, path in DATA_FILES.items()]
    front["configs"] = [{"config_name": "default", "data_files": files}]
    return yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=4096)


def _protocol(manifest: Mapping[str, Any]) -> list[str]:
    terms = {**(manifest.get("protocol") or {}), **(manifest.get("settled_by") or {})}
    if manifest.get("guidelines") is not None:
        terms["version of the guidelines"] = manifest["guidelines"]
    asked = [
        f"- question `{_line(one.get('key'))}` ({_line(one.get('kind'))}): {_line(one.get('text'))}"
        for one in manifest.get("questions") or ()
    ]
    return _terms(terms) + asked


def _agreement(pools: Mapping[str, Any] | None) -> list[str]:
    rows = []
    for pool, found in (pools or {}).items():
        found = found or {}
        alpha = found.get("alpha", found.get("alpha_ordinal"))
        ends = found.get("low"), found.get("high")
        said = "not computable" if alpha is None else f"{alpha:.3f}"
        interval = "" if alpha is None or None in ends else f"{ends[0]:.3f} to {ends[1]:.3f}"
        rows.append((pool, said, interval, found.get("items", ""), found.get("judgments", "")))
    head = ("judges", "Krippendorff's alpha", "95 % interval", "items", "judgments")
    return _table(head, rows) if rows else []


def _recipe(recipe: Any) -> dict[str, Any]:
    """A recipe is either its list of steps or an object that holds them among other things."""
    if isinstance(recipe, Mapping):
        return dict(recipe)
    return {"steps": recipe} if recipe else {}


def _steps(steps: Iterable[Mapping[str, Any]] | None) -> list[str]:
    rows = []
    for step in steps or ():
        notes = {key: value for key, value in step.items() if key not in {"step", "kept", "dropped"}}
        said = ", ".join(f"{_words(key)} {_value(value)}" for key, value in notes.items())
        rows.append((_words(step["step"]), step["dropped"], step["kept"], said))
    return _table(("step", "dropped", "kept", "notes"), rows) if rows else []


def _sources(manifest: Mapping[str, Any]) -> list[str]:
    lines = [f"Licence: {_line(manifest.get('licence') or 'not stated')}."]
    for source in manifest.get("sources") or ():
        if isinstance(source, str):
            lines.append(f"- {_line(source)}")
        else:
            said = (source.get(key) for key in ("name", "licence", "url"))
            lines.append("- " + ", ".join(_line(text) for text in said if text))
    return lines


def _software(manifest: Mapping[str, Any]) -> list[str]:
    lines = _terms({**(manifest.get("software") or {}), **(manifest.get("models") or {})})
    for scorer in manifest.get("scorers") or ():
        lines.append(f"- scorer {_value(scorer)}")
    return lines


def _terms(values: Mapping[str, Any] | None) -> list[str]:
    return [f"- {_words(key)}: {_value(value)}" for key, value in (values or {}).items()]


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for row in rows:
        lines.append("| " + " | ".join(_line(cell).replace("|", "\\|") for cell in row) + " |")
    return lines


def _section(heading: str, lines: list[str]) -> list[str]:
    return [f"## {heading}\n", "\n".join(lines) + "\n"] if lines else []


def _paragraph(text: Any) -> list[str]:
    return [f"{_line(text)}\n"] if text else []


def _words(name: Any) -> str:
    return _line(name).replace("_", " ")


def _value(value: Any) -> str:
    """A number as JSON writes it, so that the card and the manifest show the same digits."""
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(key)} {_value(inner)}" for key, inner in value.items()) or "none"
    if isinstance(value, list | tuple):
        return "; ".join(_value(inner) for inner in value) or "none"
    return "none" if value is None else _line(value)


def _line(text: Any) -> str:
    """One line of text, whatever was given: nothing in it can begin a heading, a row or the front matter."""
    return " ".join(str(text).split())
