"""The dataset card: README.md of a release, made from its manifest alone, so that the two cannot disagree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

COLUMNS = {
    "id": "name of the item in its source",
    "prompt": "what the response answers",
    "chosen": "the preferred response",
    "rejected": "the other response",
    "completion": "the response",
    "responses": "all responses of the prompt",
    "label": "whether the response is wanted",
    "margin": "reward margin towards the chosen side: a third of the mean strength, unless a step set it",
    "soft_label": "probability that the chosen side is the better one, where a step or a policy says so",
    "weight": "weight of the row in training",
    "ls_factor": "1 − exp(−k · 3 · margin), for a β that grows with the margin (MM-RLHF)",
    "strength": "size of the mean preference, 0 to 3",
    "confidence": "share of the judges who gave the verdict",
    "n_judges": "how many judges the verdict rests on",
    "ln_ches": "length-normalised CHES score of the pair, where it was scored; higher is riskier for DPO",
    "chosen_model": "the model that wrote the chosen response, where known",
    "rejected_model": "the model that wrote the rejected response, where known",
    "chosen_revision": "its revision",
    "rejected_revision": "its revision",
    "chosen_position": "place of the chosen response in the item as stored",
    "rejected_position": "place of the rejected response in the item as stored",
    "item": "content key of the item: the way back to every judgment on it",
    "pair_key": "SHA-256 of the prompt and the two responses, whichever is chosen",
    "images": "pictures shown above the prompt, as JSON: name or address and what each shows",
    "images_chosen": "pictures shown with the chosen response",
    "images_rejected": "pictures shown with the rejected response",
    "judge": "the judge: people by number, models by name",
    "kind": "person or model",
    "score": "score of the response",
    "psi": "scores of the list on 0 to 1",
    "gain": "2^ψ − 1",
    "rank": "rank by label, 1 the best",
    "lambda": "for each pair that differs: winner, loser and Δ",
    "rewards": "scores, best first",
    "inverse_temperatures": "1/T of PRO: row k, column i",
    "win_rate": "mean share of comparisons won",
    "against": "share won against each other response",
    "goal": "the score that the prompt asks for",
    "answers": "every answer of the judgment, as JSON",
    "shown_order": "stored positions of the responses in the order in which the judge saw them",
    "chosen_spans": "what judges marked in the chosen response: start, end (code points), label, severity",
    "rejected_spans": "what judges marked in the rejected response",
    "labels": "whether each step is right",
    "completions": "the steps of the response",
}


def render_card(manifest: Mapping[str, Any]) -> bytes:
    """README.md as UTF-8 bytes.

    Reads from the manifest ``rows`` and, each of them optional: ``title`` or ``project``, ``description``,
    ``language`` (codes), ``licence``, ``sources`` (texts, or objects with ``name``, ``licence``, ``url``),
    ``protocol``, ``guidelines`` (version), ``questions`` (``key``, ``kind``, ``text``), ``settled_by``,
    ``counts``, ``judges`` (kind to number), ``agreement`` (pool to null or ``alpha`` or ``alpha_ordinal``,
    ``low``, ``high``, ``items``, ``judgments``), ``recipe``, ``steps`` (``step``, ``kept``, ``dropped``,
    ``changed`` and notes), ``evaluation`` (as evaluating a
    recipe gives it), ``biases`` (``share``, ``low``, ``high``, ``n``), ``references``, ``lineage``,
    ``changes`` (texts), ``scorers``, ``software``, ``models`` (name to version), and ``export``, which is
    written with the folder. Other keys stay in the manifest alone.
    """
    title = _line(manifest.get("title") or manifest.get("project") or "Preference pairs")
    export = manifest.get("export") or {}
    parts = [
        f"---\n{_front_matter(manifest, title)}---\n",
        f"# {title}\n",
        *_paragraph(manifest.get("description")),
        f"{manifest['rows']} rows. {_line(export.get('title', ''))}.\n",
        *_section("How to load", _loading(export)),
        *_section("Columns", _columns(export)),
        *_section("How it was collected", _protocol(manifest)),
        *_section("Counts", _terms(manifest.get("counts"))),
        *_section("Judges", _terms(manifest.get("judges"))),
        *_section("Agreement", _agreement(manifest.get("agreement"))),
        *_section("Recipe", _terms(_recipe(manifest.get("recipe")))),
        *_section("What each step kept, dropped and changed", _steps(manifest.get("steps"))),
        *_section("Pairs without a preferred side", _terms((export.get("options") or {}).get("policies"))),
        *_section("Does the recipe help?", _evaluation(manifest.get("evaluation"))),
        *_section("Known biases", _biases(manifest.get("biases"))),
        *_section("Evaluation sets", _terms(manifest.get("references"))),
        *_section("Where it comes from", _lineage(manifest)),
        *_section("Licence and sources", _sources(manifest)),
        *_section("Software and models", _software(manifest)),
        "`manifest.json` holds all of this, with the SHA-256 of every file.\n",
    ]
    return "\n".join(parts).encode("utf-8")


def _loading(export: Mapping[str, Any]) -> list[str]:
    said = [f"Read by: {_line(export.get('trainer', ''))}\n"]
    if export.get("snippet"):
        said.append(
            f'```python\nfolder = "path/to/this/folder"\n{export["snippet"]}```\n\n'
            "`model`, `tokenizer` and `settings` are yours."
        )
    if export.get("kto_weights"):
        said.append(f"\nSuggested weights: {_value(export['kto_weights'])}.")
    return said


def _evaluation(found: Mapping[str, Any] | None) -> list[str]:
    if not found:
        return []
    said = [
        f"{_line(found['verdict'])} Linear reward heads on frozen embeddings, {found['seeds']} seeds, "
        f"tested on {found['tested']} pairs of {found['prompts']} prompts that people decided and no head "
        "had seen.\n"
    ]
    rows = [
        (one["name"], one["rows"], *(_between(one[key]) for key in ("accuracy", "against_raw")))
        for one in found["sets"]
    ]
    return [*said, *_table(("trained on", "rows", "accuracy", "against raw"), rows)]


def _between(value: Mapping[str, float]) -> str:
    return f"{value['value']} ({value['low']} to {value['high']})"


def _columns(export: Mapping[str, Any]) -> list[str]:
    rows = [
        (f"`{name}`", kind, COLUMNS.get(name, "")) for name, kind in (export.get("columns") or {}).items()
    ]
    return _table(("column", "type", "meaning"), rows) if rows else []


def _biases(found: Mapping[str, Any] | None) -> list[str]:
    """Each with its interval, so that nobody reads chance as a habit."""
    rows = [
        (_words(name), one["share"], f"{one['low']} to {one['high']}", one["n"])
        for name, one in (found or {}).items()
    ]
    return _table(("measure", "share", "95 % interval", "of"), rows) if rows else []


def _lineage(manifest: Mapping[str, Any]) -> list[str]:
    terms = dict(manifest.get("lineage") or {})
    return _terms(terms) + [f"- {_line(one)}" for one in manifest.get("changes") or ()]


def _front_matter(manifest: Mapping[str, Any], title: str) -> str:
    licence = _line(manifest.get("licence") or "unknown")
    known = re.fullmatch(r"[a-z0-9][a-z0-9.-]*", licence.lower())
    front: dict[str, Any] = {"pretty_name": title, "license": licence.lower() if known else "other"}
    if not known:
        front["license_name"] = licence
    if manifest.get("language"):
        front["language"] = [_line(code) for code in manifest["language"]]
    front["size_categories"] = [next((name for top, name in SIZES if manifest["rows"] < top), "1M<n<10M")]
    export = manifest.get("export") or {}
    front["task_categories"] = ["text-generation"]
    front["tags"] = ["preference", "rlhf", *export.get("tags", ()), "trl"]
    # Named file by file: the JSONL beside it holds the same rows and must not be loaded as more.
    kind = "data/{}.parquet" if export.get("parquet") else "jsonl/{}.jsonl"
    splits = sorted(export.get("splits") or {"train": 0}, key=("train", "validation", "test").index)
    files = [{"split": split, "path": kind.format(split)} for split in splits]
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
        counts = {"step", "kept", "dropped", "changed"}
        notes = {key: value for key, value in step.items() if key not in counts}
        said = ", ".join(f"{_words(key)} {_value(value)}" for key, value in notes.items())
        rows.append((_words(step["step"]), step["dropped"], step.get("changed", 0), step["kept"], said))
    return _table(("step", "dropped", "changed", "kept", "notes"), rows) if rows else []


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
