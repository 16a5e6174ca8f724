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

    Reads from the manifest, each of them optional: ``title``, ``description``, ``language`` (codes),
    ``licence``, ``sources`` (texts, or objects with ``name``, ``licence``, ``url``), ``protocol`` (term to
    text), ``counts``, ``judges`` (kind to number), ``agreement`` (pool to ``alpha``, ``low``, ``high``,
    ``n_units``, or null), ``steps`` (``step``, ``kept``, ``dropped`` and notes), ``software`` and
    ``models`` (name to version).
    """
    title = _line(manifest.get("title") or "Preference pairs")
    parts = [
        f"---\n{_front_matter(manifest, title)}---\n",
        f"# {title}\n",
        *_paragraph(manifest.get("description")),
        f"{manifest['rows']} pairs of responses, each with the side its judges preferred.\n",
        *_section("How to load", [LOADING]),
        *_section(
            "Columns", _table(("column", "meaning"), ((f"`{name}`", text) for name, text in COLUMNS.items()))
        ),
        *_section("How it was collected", _terms(manifest.get("protocol"))),
        *_section("Counts", _terms(manifest.get("counts"))),
        *_section("Judges", _terms(manifest.get("judges"))),
        *_section("Agreement", _agreement(manifest.get("agreement"))),
        *_section("What each step kept and dropped", _steps(manifest.get("steps"))),
        *_section("Licence and sources", _sources(manifest)),
        *_section(
            "Software and models", _terms({**manifest.get("software", {}), **manifest.get("models", {})})
        ),
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


def _agreement(pools: Mapping[str, Any] | None) -> list[str]:
    if not pools:
        return []
    rows = []
    for pool, alpha in pools.items():
        if not alpha or alpha.get("alpha") is None:
            rows.append((pool, "not computable", "", (alpha or {}).get("n_units", "")))
            continue
        ends = alpha.get("low"), alpha.get("high")
        interval = "" if None in ends else f"{ends[0]:.3f} to {ends[1]:.3f}"
        rows.append((pool, f"{alpha['alpha']:.3f}", interval, alpha.get("n_units", "")))
    head = ("judges", "Krippendorff's alpha", "95 % interval", "items judged twice or more")
    return _table(head, rows)


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
    return "none" if value is None else _line(value)


def _line(text: Any) -> str:
    """One line of text, whatever was given: nothing in it can begin a heading, a row or the front matter."""
    return " ".join(str(text).split())
