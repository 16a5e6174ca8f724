"""What CHES is made of: inner products of summed hidden vectors of the responses to one prompt.

Source: Razin et al., "Unintentional Unalignment: Likelihood Displacement in Direct Preference Optimization"
(arXiv 2410.08847), definitions 2 and 3. With h the last hidden vectors after the final norm,

    s = sum of h over the positions from the last prompt token to the last response token

is the sum of the vectors that predict the response and its end: |y| + 1 of them for |y| tokens, no end
token given. CHES and LN-CHES in both directions follow from <s1, s2>, |s1|², |s2|² and the two counts, so
only these leave here: for k responses the k × k matrix of inner products, from one pass over the prompt and
each response.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workers.runtime.batching import halving, length_batches, token_batches
from workers.runtime.loading import LanguageModel, Messages, import_torch
from workers.runtime.logprobs import LogProb, token_logprobs
from workers.runtime.packing import Row, hidden_states

# Tokens in a batch. On a CPU a larger one is slower, not faster: it outgrows the caches, and what its layers
# give outgrows the memory that is kept at hand, so that the system is asked for it anew, page by page.
BUDGET = {"cpu": 512, "cuda": 16384}


@dataclass(frozen=True, slots=True)
class Group:
    """A prompt and the responses to it."""

    prompt: Messages
    responses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """A group's numbers, by places of its k responses.

    ``cross[i][j]``: <si, sj>. ``last[i][j]``: inner product of the two last vectors. ``edit[i][j]``: token
    edit distance over the longer length, 0..1. ``counts[i]``: vectors summed, tokens + 1. ``logprobs``: None
    where they were not asked for. An entry is None where a flag says why: "no_prompt" and "long_prompt" (it
    leaves no room in the window) for all, "empty" for a response without a token, "not_finite". The flags
    "identical" and "truncated" leave the numbers standing.
    """

    cross: tuple[tuple[float | None, ...], ...]
    last: tuple[tuple[float | None, ...], ...]
    edit: tuple[tuple[float | None, ...], ...]
    counts: tuple[int, ...]
    logprobs: tuple[LogProb | None, ...] | None
    flags: tuple[str, ...] = ()


def measure(
    lm: LanguageModel,
    groups: Sequence[Group],
    *,
    max_tokens: int = 1024,
    logprobs: bool = False,
    budget: int | None = None,
    skip: Collection[int] = frozenset(),
) -> Iterator[list[tuple[int, Measured]]]:
    """Batches of (place in ``groups``, its numbers), the shortest groups first.

    ``max_tokens``: each response is cut on the right to this many tokens, or to what the window leaves after
    the prompt; the end of the prompt is never cut. Prompt and response are tokenised apart and their ids
    joined, so that no token reaches across the boundary. ``budget``: tokens in a batch; one that does not fit
    into memory is halved. ``skip``: places not wanted; a batch of only such is passed over, and the batches
    stay what they were, so that work taken up again gives the same digits.
    """
    cut = [_tokens(lm, group, max_tokens) for group in groups]
    barred = [place for place, one in enumerate(cut) if one.row is None and place not in skip]
    if barred:
        yield [(place, _nothing(cut[place], logprobs)) for place in barred]
    ready = [place for place, one in enumerate(cut) if one.row is not None]
    lengths = [cut[place].row.length for place in ready]  # type: ignore[union-attr]  # not None by the line above
    size = budget or BUDGET.get(lm.device, BUDGET["cuda"])
    joined = lm.device == "cpu"
    batches = token_batches(lengths, budget=size) if joined else length_batches(lengths, budget=size)
    for batch in batches:
        places = [ready[inside] for inside in batch]
        if all(place in skip for place in places):
            continue
        made = halving([cut[place] for place in places], lambda cuts: _batch(lm, cuts, logprobs))
        yield [pair for pair in zip(places, made, strict=True) if pair[0] not in skip]


def measure_all(lm: LanguageModel, groups: Sequence[Group], **options: Any) -> list[Measured]:
    """What ``measure`` gives, in the order of ``groups``."""
    made = dict(pair for batch in measure(lm, groups, **options) for pair in batch)
    return [made[place] for place in range(len(groups))]


def summed(hidden: Any, n_prompt: int) -> Any:
    """Sum of the vectors that predict a response. ``hidden``: (tokens, width), prompt and response without
    an end token; returns (width,) in float64, for sums over a thousand vectors lose digits in less."""
    return hidden[n_prompt - 1 :].double().sum(dim=0)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A group as tokens. ``row`` holds its distinct responses in the order of their ids, so that neither the
    order nor a repetition of responses changes a digit; ``places[i]``: where response i stands in it."""

    responses: tuple[tuple[int, ...], ...]
    places: tuple[int | None, ...]
    row: Row | None
    flags: tuple[str, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(len(one) + 1 for one in self.responses)


def _tokens(lm: LanguageModel, group: Group, max_tokens: int) -> _Cut:
    prompt = lm.prompt_ids(group.prompt)
    given = [tuple(lm.text_ids(text)) for text in group.responses]
    limit = min(max_tokens, lm.window - len(prompt))
    flags = []
    if not prompt or not any(turn["content"].strip() for turn in group.prompt):
        flags.append("no_prompt")
    elif limit < 1:
        flags.append("long_prompt")
    if not all(given):
        flags.append("empty")
    cut = tuple(one[: max(limit, 0)] if limit > 0 else one for one in given)
    distinct = sorted({one for one in cut if one})
    if {"no_prompt", "long_prompt"} & set(flags) or not distinct:
        return _Cut(cut, (None,) * len(cut), None, tuple(flags))
    if cut != tuple(given):
        flags.append("truncated")
    if len(distinct) < sum(map(bool, cut)):
        flags.append("identical")
    places = tuple(distinct.index(one) if one else None for one in cut)
    return _Cut(cut, places, Row(tuple(prompt), tuple(distinct)), tuple(flags))


def _batch(lm: LanguageModel, cuts: Sequence[_Cut], logprobs: bool) -> list[Measured]:
    rows = [cut.row for cut in cuts if cut.row is not None]
    states = hidden_states(lm, rows)
    grams = [_grams(row, hidden) for row, hidden in zip(rows, states, strict=True)]
    said = _said(lm, rows, states) if logprobs else [None] * len(rows)
    return [_measured(*one) for one in zip(cuts, grams, said, strict=True)]


def _spans(row: Row) -> list[tuple[int, int]]:
    ends = [len(row.prompt)]
    for response in row.responses:
        ends.append(ends[-1] + len(response))
    return list(zip(ends, ends[1:], strict=False))


def _grams(row: Row, hidden: Any) -> tuple[list[list[float]], list[list[float]]]:
    torch = import_torch()
    before = hidden[len(row.prompt) - 1].double()
    sums = torch.stack([before + hidden[start:end].double().sum(dim=0) for start, end in _spans(row)])
    lasts = torch.stack([hidden[end - 1].double() for _start, end in _spans(row)])
    return (sums @ sums.T).tolist(), (lasts @ lasts.T).tolist()


def _said(lm: LanguageModel, rows: Sequence[Row], states: Sequence[Any]) -> list[list[LogProb]]:
    """Log-probabilities of every response of every row, the head run on all of them at once."""
    torch = import_torch()
    ends = lm.tokenizer.eos_token_id
    vectors, targets = [], []
    for row, hidden in zip(rows, states, strict=True):
        for (start, end), response in zip(_spans(row), row.responses, strict=True):
            vectors += [hidden[len(row.prompt) - 1][None], hidden[start:end]]
            targets += [*response, ends or 0]
    named = torch.tensor(targets, device=lm.device)
    said, square = (part.double().cpu() for part in token_logprobs(lm, torch.cat(vectors), named))
    found, start = [], 0
    for row in rows:
        mine = []
        for response in row.responses:
            end = start + len(response)
            excess = float((said[start:end] - square[start:end]).mean())
            last = None if ends is None else float(said[end])
            mine.append(LogProb(float(said[start:end].sum()), len(response), last, excess))
            start = end + 1
        found.append(mine)
    return found


def _measured(
    cut: _Cut, grams: tuple[list[list[float]], list[list[float]]], said: list[LogProb] | None
) -> Measured:
    cross, last = (_spread(matrix, cut.places) for matrix in grams)
    logprobs = None if said is None else tuple(_logprob(cut, said, place) for place in cut.places)
    numbers = [number for matrix in grams for row in matrix for number in row]
    numbers += [one.total for one in said or ()]
    flags = cut.flags if all(map(math.isfinite, numbers)) else (*cut.flags, "not_finite")
    return Measured(cross, last, _edits(cut), cut.counts, logprobs, flags)


def _spread(matrix: list[list[float]], places: Sequence[int | None]) -> tuple[tuple[float | None, ...], ...]:
    """The matrix of distinct responses as one of all, None where a number is missing or not finite."""
    return tuple(
        tuple(
            None if i is None or j is None or not math.isfinite(matrix[i][j]) else matrix[i][j]
            for j in places
        )
        for i in places
    )


def _logprob(cut: _Cut, said: list[LogProb], place: int | None) -> LogProb | None:
    return None if place is None or not math.isfinite(said[place].total) else said[place]


def _edits(cut: _Cut) -> tuple[tuple[float | None, ...], ...]:
    from rapidfuzz.distance import Levenshtein

    def edit(one: tuple[int, ...], other: tuple[int, ...]) -> float | None:
        return float(Levenshtein.normalized_distance(one, other)) if one and other else None

    return tuple(tuple(edit(one, other) for other in cut.responses) for one in cut.responses)


def _nothing(cut: _Cut, logprobs: bool) -> Measured:
    k = len(cut.responses)
    none = ((None,) * k,) * k
    return Measured(none, none, none, cut.counts, (None,) * k if logprobs else None, cut.flags)
