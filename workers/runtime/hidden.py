"""What CHES is made of: inner products of summed hidden vectors of two responses to one prompt.

Source: Razin et al., "Unintentional Unalignment: Likelihood Displacement in Direct Preference Optimization"
(arXiv 2410.08847), definitions 2 and 3. With h the last hidden vectors after the final norm,

    s = sum of h over the positions from the last prompt token to the last response token

is the sum of the vectors that predict the response and its end: |y| + 1 of them for |y| tokens, no end
token given. CHES and LN-CHES in both directions follow from <s1, s2>, |s1|², |s2|² and the two counts, so
only these leave here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workers.runtime.loading import LanguageModel, Messages, import_torch


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt and its two responses, in the order that ``first`` and ``second`` speak of."""

    prompt: Messages
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class GramRow:
    """One pair's scalars. ``cross``: <s1, s2>; ``square_*``: |s|²; ``n_*``: vectors summed, tokens + 1.

    ``last_inner``: inner product of the two last vectors. ``edit``: token edit distance over the longer
    length, 0..1. All numbers but the counts are None where a flag says why: "empty", "no_prompt",
    "not_finite". The flags "identical" and "truncated" leave the numbers standing.
    """

    cross: float | None
    square_first: float | None
    square_second: float | None
    n_first: int
    n_second: int
    last_inner: float | None
    edit: float | None
    flags: tuple[str, ...] = ()


def gram(lm: LanguageModel, pairs: Sequence[Pair], *, max_tokens: int = 1024) -> Iterator[GramRow]:
    """Score pairs one after the other, in their order.

    ``max_tokens``: each response is cut on the right to this many tokens, or to what the window leaves
    after the prompt; the end of the prompt is never cut. Prompt and response are tokenised apart and their
    ids joined, so that no token reaches across the boundary.
    """
    for pair in pairs:
        yield _row(lm, pair, max_tokens)


def summed(hidden: Any, n_prompt: int) -> Any:
    """Sum of the vectors that predict a response. ``hidden``: (tokens, width), prompt and response without
    an end token; returns (width,) in float64, for sums over a thousand vectors lose digits in less."""
    return hidden[n_prompt - 1 :].double().sum(dim=0)


def _row(lm: LanguageModel, pair: Pair, max_tokens: int) -> GramRow:
    prompt = lm.prompt_ids(pair.prompt)
    first, second = lm.text_ids(pair.first), lm.text_ids(pair.second)
    limit = min(max_tokens, lm.window - len(prompt))
    flags: list[str] = []
    if not prompt or not any(turn["content"].strip() for turn in pair.prompt):
        flags.append("no_prompt")
    if not first or not second or limit < 1:
        flags.append("empty")
    if flags:
        return GramRow(None, None, None, len(first) + 1, len(second) + 1, None, None, tuple(flags))
    if max(len(first), len(second)) > limit:
        first, second = first[:limit], second[:limit]
        flags.append("truncated")
    sum_first, last_first = _forward(lm, prompt, first)
    if first == second:
        flags.append("identical")
        sum_second, last_second = sum_first, last_first
    else:
        sum_second, last_second = _forward(lm, prompt, second)
    numbers = [
        float(sum_first @ sum_second),
        float(sum_first @ sum_first),
        float(sum_second @ sum_second),
        float(last_first @ last_second),
    ]
    counts = (len(first) + 1, len(second) + 1)
    if not all(_finite(number) for number in numbers):
        return GramRow(None, None, None, *counts, None, None, (*flags, "not_finite"))
    cross, square_first, square_second, last_inner = numbers
    return GramRow(
        cross, square_first, square_second, *counts, last_inner, _token_edit(first, second), tuple(flags)
    )


def _forward(lm: LanguageModel, prompt: list[int], response: list[int]) -> tuple[Any, Any]:
    """Run the backbone over one sequence; returns the sum over the response, and its last vector."""
    torch = import_torch()
    ids = torch.tensor([prompt + response], device=lm.device)
    with torch.inference_mode():
        hidden = lm.backbone(input_ids=ids, use_cache=False).last_hidden_state[0]
    return summed(hidden, len(prompt)).cpu(), hidden[-1].double().cpu()


def _token_edit(first: list[int], second: list[int]) -> float:
    from rapidfuzz.distance import Levenshtein

    return float(Levenshtein.normalized_distance(first, second))


def _finite(number: float) -> bool:
    return number == number and abs(number) != float("inf")
