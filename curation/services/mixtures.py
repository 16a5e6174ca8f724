"""Candidate mixtures for real reward-model runs: written out, and scored mixtures read back as a policy."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Project
from curation.models import Policy
from curation.selectors.evidence import project_evidence
from curation.selectors.policies import PolicySettings
from curation.selectors.replays import main_judge
from curation.services.learning import LEAST_LABELS, learned_mixture
from curation.services.routing import make_policy

LEAST_SCORES = 20
PAIRS, MIXTURES, MANIFEST = "pairs.jsonl", "mixtures.jsonl", "manifest.json"
SIDES = {-1: "first", 0: "tie", 1: "second"}


def export_mixtures(*, project: Project, folder: Path, count: int = 200, seed: int = 0) -> dict[str, Any]:
    """Write ``count`` mixtures of the items that people and the model judge have both judged.

    ``pairs.jsonl`` has each pair once with both labels; ``mixtures.jsonl`` names, for each candidate, the
    items whose label is to be people's, all others being the model's. Raises NothingToDo with fewer than 60
    items, InvalidSetting for a folder that holds something or a count outside 20..2000.
    """
    import numpy as np

    from curation.numerics.routing.mixtures import count_tags, draw_mixtures
    from curation.numerics.routing.table import routing_table

    if folder.exists() and any(folder.iterdir()):
        raise InvalidSetting(f"{folder} is not empty.", field="folder", cure="Name another folder.")
    if not 20 <= count <= 2000:
        raise InvalidSetting("There can be 20 to 2000 mixtures.", field="count", cure="Try 200.")
    evidence = project_evidence(project, strength=True)
    main = main_judge(evidence, None)
    both = [
        place
        for place, record in enumerate(evidence.records)
        if evidence.item_ids[place] in evidence.people and main in record.verdicts
    ]
    if len(both) < LEAST_LABELS:
        raise NothingToDo(
            f"Only {len(both)} items were judged by people and by {main}; this needs {LEAST_LABELS}.",
            cure="Let a random share of the items go to people first.",
        )
    table = routing_table(evidence.records, main=main)
    tags = table.tags[np.array(both)]
    masks = draw_mixtures(tags, count=count, seed=seed)
    records = [evidence.records[place] for place in both]
    folder.mkdir(parents=True, exist_ok=True)
    human = [evidence.people[evidence.item_ids[place]] for place in both]
    pairs = [
        {
            "id": one.id,
            "prompt": one.prompt,
            "first": one.first,
            "second": one.second,
            "people": SIDES[said],
            "model": SIDES[int(one.verdicts[main])],
        }
        for one, said in zip(records, human, strict=True)
    ]
    mixtures = [
        {"candidate": f"c{place:04}", "people": [records[row].id for row in np.flatnonzero(mask)]}
        for place, mask in enumerate(masks)
    ]
    _write_lines(folder / PAIRS, pairs)
    _write_lines(folder / MIXTURES, mixtures)
    manifest = {
        "judge": main,
        "seed": seed,
        "pairs": len(pairs),
        "schema": table.schema.as_json(),
        "counts": count_tags(masks, tags).astype(int).tolist(),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return {"pairs": len(pairs), "mixtures": len(mixtures), "folder": str(folder)}


def learn_from_scores(
    *,
    project: Project,
    folder: Path,
    scores: Path | Mapping[str, float],
    human_budget: int | None = None,
    seed: int = 0,
) -> Policy:
    """A mixture policy from the scores of real reward models, one per exported candidate.

    ``scores`` by candidate, or CSV with the columns candidate and score; a higher score is better. Raises
    InvalidSetting for what does not fit the folder, and where the model does not predict what it has not
    seen.
    """
    _exported(folder)
    found = scores if isinstance(scores, Mapping) else read_scores(_text_of(scores), folder)
    return make_policy(project=project, **scored_policy(folder, found, human_budget=human_budget, seed=seed))


def scored_policy(
    folder: Path, scores: Mapping[str, float], *, human_budget: int | None = None, seed: int = 0
) -> dict[str, Any]:
    """What ``make_policy`` takes for a policy learned from these scores. Raises InvalidSetting."""
    import numpy as np

    from curation.numerics.routing.schema import TagSchema

    manifest, names = _exported(folder)
    known = [place for place, name in enumerate(names) if name in scores]
    learned = learned_mixture(
        TagSchema.from_json(manifest["schema"]),
        manifest["judge"],
        np.array(manifest["counts"], dtype=np.float64)[known],
        np.array([scores[names[place]] for place in known]),
        size=manifest["pairs"],
        seed=seed,
    )
    used = replace(PolicySettings(), learned=learned | {"labels": manifest["pairs"], "target": "uploaded"})
    return {"kind": "mixture", "human_budget": human_budget, "seed": seed, "settings": used.as_json()}


def _exported(folder: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        lines = (folder / MIXTURES).read_text(encoding="utf-8").splitlines()
        return manifest, [json.loads(line)["candidate"] for line in lines]
    except (OSError, ValueError, KeyError) as trouble:
        raise InvalidSetting(
            f"{folder} holds no exported mixtures.",
            field="folder",
            cure="Name the folder they were written to.",
        ) from trouble


def read_scores(text: str, folder: Path) -> dict[str, float]:
    """The scores in a CSV text, by candidate of the mixtures in the folder. Raises InvalidSetting."""
    _manifest, names = _exported(folder)
    found: dict[str, float] = {}
    try:
        rows = list(csv.DictReader(text.splitlines()))
    except csv.Error as trouble:
        raise InvalidSetting(
            "The scores cannot be read.", field="scores", cure="Give a CSV file in UTF-8."
        ) from trouble
    for line, row in enumerate(rows, start=2):
        name = (row.get("candidate") or "").strip()
        try:
            score = float(row.get("score") or "")
        except ValueError:
            score = math.nan
        if name not in names or name in found or not math.isfinite(score):
            raise InvalidSetting(
                f"Line {line} is no score of a candidate: {name or 'no name'}.",
                field="scores",
                cure="Write candidate,score in the first line, then each candidate once with a number.",
            )
        found[name] = score
    if len(found) < LEAST_SCORES:
        raise InvalidSetting(
            f"{len(found)} of the candidates have a score.", field="scores", cure="Score 20 or more of them."
        )
    return found


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as trouble:
        raise InvalidSetting(
            f"{path} cannot be read.", field="scores", cure="Give a CSV file in UTF-8."
        ) from trouble


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
