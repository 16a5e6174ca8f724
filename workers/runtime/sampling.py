"""Draw tokens so that a response depends on its own seed alone.

A token is drawn by the Gumbel-max rule (Gumbel 1954; Maddison et al., arXiv 1411.0030): argmax of log p + g
with g = −log(−log u) is distributed as p. Here u is a function of the response's seed, the step and the token
(a counter-based generator in the manner of Salmon et al. 2011, with the finaliser of SplitMix64), so nothing
is carried from token to token: neither the neighbours in a batch nor an interruption change what is drawn,
but for close calls that the last digits of the model's arithmetic decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workers.runtime.devices import import_torch

# Nucleus sampling looks at this many of the likeliest tokens before it sorts the whole vocabulary.
LIKELIEST = 256
STEP, TOKEN = -7046029254386353131, -3335678366873096957
MIX = (-4658895280553007687, -7723592293110705685)


@dataclass(frozen=True, slots=True)
class Sampling:
    """``temperature`` 0 takes the likeliest token. ``top_p``: the share of probability that the likeliest
    tokens must reach before the others are left out (Holtzman et al., arXiv 1904.09751); 1 keeps all."""

    temperature: float
    top_p: float


def choose(logits: Any, seeds: Any, steps: Any, sampling: Sampling) -> Any:
    """One token for each row. ``logits``: (rows, vocabulary); ``seeds``, ``steps``: (rows,) int64; returns
    (rows,) int64."""
    torch = import_torch()
    if sampling.temperature <= 0:
        return logits.argmax(dim=-1)
    scores = logits.float() / sampling.temperature
    if sampling.top_p >= 1:
        tokens = torch.arange(scores.shape[-1], device=scores.device).expand_as(scores)
        return _noisiest(scores, tokens, seeds, steps)
    total = torch.logsumexp(scores, dim=-1, keepdim=True)
    width = min(LIKELIEST, scores.shape[-1])
    found = torch.topk(scores, width, dim=-1)
    if bool(((found.values - total).exp().sum(dim=-1) < sampling.top_p).any()):
        found = torch.sort(scores, dim=-1, descending=True)
    values, tokens = found
    shares = (values - total).exp()
    before = shares.cumsum(dim=-1) - shares
    return _noisiest(values.masked_fill(before >= sampling.top_p, float("-inf")), tokens, seeds, steps)


def _noisiest(scores: Any, tokens: Any, seeds: Any, steps: Any) -> Any:
    torch = import_torch()
    u = uniform(seeds[:, None], steps[:, None], tokens)
    place = (scores.double() - torch.log(-torch.log(u))).argmax(dim=-1, keepdim=True)
    return tokens.gather(1, place)[:, 0]


def uniform(seeds: Any, steps: Any, tokens: Any) -> Any:
    """Numbers in (0, 1), float64, from int64 tensors that broadcast."""
    mixed = seeds + steps * STEP + tokens * TOKEN
    mixed = (mixed ^ _shifted(mixed, 30)) * MIX[0]
    mixed = (mixed ^ _shifted(mixed, 27)) * MIX[1]
    mixed = mixed ^ _shifted(mixed, 31)
    return (_shifted(mixed, 12).double() + 0.5) / (1 << 52)


def _shifted(number: Any, places: int) -> Any:
    """To the right, with zeros coming in: int64 would bring in its sign."""
    return (number >> places) & ((1 << (64 - places)) - 1)
