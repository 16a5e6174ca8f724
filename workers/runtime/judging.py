"""A language model as a judge, by the probabilities of the labels it may answer with. Nothing is
generated."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.runtime.batching import halving, length_batches, token_batches
from workers.runtime.loading import LanguageModel, import_torch
from workers.runtime.packing import Row, hidden_states

# Tokens in a batch; on a processor more would gain nothing.
BUDGET = {"cpu": 1024, "cuda": 16384}
# A shorter common beginning is not worth a row of its own.
WORTH_SHARING = 32
MOST_SHARED = 16


@dataclass(frozen=True, slots=True)
class Asked:
    """A whole question, the words with which the answer begins, and the labels that may follow them."""

    text: str
    opening: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """``shares``: probability of each label, given that one of them is said. ``mass``: probability that any
    is. ``tokens`` were read, in ``seconds``. ``prompt_hash`` names the tokens."""

    shares: dict[str, float]
    mass: float
    tokens: int
    seconds: float
    prompt_hash: str


def label_shares(lm: LanguageModel, asked: Sequence[Asked]) -> list[Said]:
    """What the model would say next after each question's opening words, in the order given.

    Neighbours that begin alike, as both orders of a pair do, are read once up to where they part. Every
    spelling of a label that is one token counts ("A" and " A"). Raises ValueError where a question is longer
    than the model's window.
    """
    ids = [question_ids(lm, one) for one in asked]
    longest = max(map(len, ids), default=0)
    if longest > lm.window:
        raise ValueError(f"A question of {longest} tokens does not fit the judge's window of {lm.window}.")
    groups = _groups(ids)
    rows = [_row([ids[place] for place in group]) for group in groups]
    lengths = [row.length for row in rows]
    cut = token_batches if lm.device == "cpu" else length_batches
    made: dict[int, Said] = {}
    for batch in cut(lengths, budget=BUDGET.get(lm.device, BUDGET["cuda"])):
        began = time.monotonic()
        states = halving([rows[inside] for inside in batch], lambda some: hidden_states(lm, some))
        each = (time.monotonic() - began) / sum(len(groups[inside]) for inside in batch)
        for inside, hidden in zip(batch, states, strict=True):
            for place, last in zip(groups[inside], _lasts(rows[inside], hidden), strict=True):
                made[place] = _said(lm, asked[place], last, ids[place], each)
    return [made[place] for place in range(len(asked))]


def _groups(ids: Sequence[list[int]]) -> list[list[int]]:
    """Runs of neighbours that share their beginning."""
    groups: list[list[int]] = []
    for place, row in enumerate(ids):
        if groups and _common(ids[groups[-1][0]], row) >= WORTH_SHARING and len(groups[-1]) < MOST_SHARED:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _row(ids: Sequence[list[int]]) -> Row:
    """One prompt for all, and what is left of each: a token at least, for the last one is what is read."""
    shared = min([_common(ids[0], other) for other in ids] + [len(row) - 1 for row in ids])
    return Row(tuple(ids[0][:shared]), tuple(tuple(row[shared:]) for row in ids))


def _common(one: list[int], other: list[int]) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _lasts(row: Row, hidden: Any) -> list[Any]:
    end, found = len(row.prompt), []
    for response in row.responses:
        end += len(response)
        found.append(hidden[end - 1])
    return found


def question_ids(lm: LanguageModel, asked: Asked) -> list[int]:
    return lm.prompt_ids([{"role": "user", "content": asked.text}]) + lm.text_ids(asked.opening)


def fitted_texts(lm: LanguageModel, texts: Sequence[str], *, room: int) -> list[str]:
    """The texts, each cut at the same number of tokens where together they would pass ``room``.

    Raises ValueError where nothing would be left of them.
    """
    ids = [lm.text_ids(text) for text in texts]
    if sum(map(len, ids)) <= room:
        return list(texts)
    each = room // max(len(texts), 1) - 4
    if each < 8:
        raise ValueError("The request fills the judge's window.")
    return [
        text if len(row) <= each else str(lm.tokenizer.decode(row[:each])) + " [...]"
        for text, row in zip(texts, ids, strict=True)
    ]


def _said(lm: LanguageModel, asked: Asked, last: Any, ids: list[int], seconds: float) -> Said:
    """Logits of the labels in float32, for in bfloat16 two that are close come out equal."""
    torch = import_torch()
    head = lm.model.get_output_embeddings()
    places = [_spellings(lm, label) for label in asked.labels]
    flat = [token for row in places for token in row]
    with torch.inference_mode():
        logits = head(last).float()
        exact = head.weight[flat].float() @ last.float()
        if getattr(head, "bias", None) is not None:
            exact = exact + head.bias[flat].float()
        logits[flat] = exact
        likely = torch.exp(exact - torch.logsumexp(logits, dim=-1)).tolist()
    masses, start = [], 0
    for row in places:
        masses.append(sum(likely[start : start + len(row)]))
        start += len(row)
    whole = sum(masses)
    shares = [mass / whole for mass in masses] if whole > 0 else [1 / len(masses)] * len(masses)
    return Said(
        shares=dict(zip(asked.labels, shares, strict=True)),
        mass=min(whole, 1.0),
        tokens=len(ids),
        seconds=seconds,
        prompt_hash=hashlib.sha256(json.dumps(ids).encode()).hexdigest(),
    )


def _spellings(lm: LanguageModel, label: str) -> list[int]:
    ids = [lm.text_ids(form) for form in (label, f" {label}")]
    return sorted({row[0] for row in ids if len(row) == 1})
