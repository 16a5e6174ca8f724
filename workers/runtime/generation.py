"""Sample responses: the same seed, prompt and parameters give the same texts, whatever ran before or beside.

Each response has random numbers of its own. A token is drawn by the Gumbel-max rule (Gumbel 1954; Maddison
et al., arXiv 1411.0030): argmax of log p + g with g = −log(−log u) is distributed as p, so decoding is
greedy over noisy scores, and a response does not depend on its neighbours in the batch but for the last
digits of their arithmetic.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.runtime.loading import LanguageModel, Messages, import_torch, import_transformers

# A text that came out empty, or twice, is drawn again this often before it is taken with a flag.
REDRAWS = 3


@dataclass(frozen=True, slots=True)
class Generated:
    """One response. ``tokens`` counts what was generated; ``seconds`` is its share of the batch's time.

    ``finish``: "stop" where the model ended by itself, "length" at the limit. ``flags``: "truncated",
    "empty", "duplicate".
    """

    text: str
    tokens: int
    seconds: float
    seed: int
    finish: str
    flags: tuple[str, ...] = ()


def generate(
    lm: LanguageModel,
    messages: Messages,
    *,
    k: int,
    temperature: float,
    top_p: float,
    seed: int,
    max_new_tokens: int,
) -> list[Generated]:
    """``k`` responses to one prompt, see ``generate_many``."""
    return generate_many(
        lm,
        [messages],
        k=k,
        temperature=temperature,
        top_p=top_p,
        seeds=[seed],
        max_new_tokens=max_new_tokens,
    )[0]


def generate_many(
    lm: LanguageModel,
    prompts: Sequence[Messages],
    *,
    k: int,
    temperature: float,
    top_p: float,
    seeds: Sequence[int],
    max_new_tokens: int,
) -> list[list[Generated]]:
    """``k`` responses to each prompt, all of them as one left-padded batch.

    ``seeds``: one per prompt. ``temperature`` 0 takes the likeliest token each time, and then all k are
    alike and flagged so. A response that came out empty or twice is drawn again a few times. Raises
    ValueError when a prompt leaves no room in the model's window.
    """
    asked = [lm.prompt_ids(messages) for messages in prompts]
    limit = min(max_new_tokens, lm.window - max(map(len, asked), default=0))
    if limit < 1:
        raise ValueError("A prompt fills the model's window; shorten it, or use a model with a longer one.")
    kept: list[list[Generated]] = [[] for _ in prompts]
    spare: list[list[Generated]] = [[] for _ in prompts]
    for draw in range(REDRAWS + 1 if temperature > 0 else 1):
        wanted = [
            (place, replicate) for place in range(len(prompts)) for replicate in range(k - len(kept[place]))
        ]
        if not wanted:
            break
        named = [_seed(lm, prompts[place], seeds[place], draw, replicate) for place, replicate in wanted]
        made = _draw(lm, [asked[place] for place, _ in wanted], named, temperature, top_p, limit)
        for (place, _replicate), one in zip(wanted, made, strict=True):
            fresh = one.text and one.text not in {other.text for other in kept[place]}
            (kept[place] if fresh else spare[place]).append(one)
    return [
        good + [_flagged(one) for one in rest[: k - len(good)]]
        for good, rest in zip(kept, spare, strict=True)
    ]


def _draw(
    lm: LanguageModel,
    asked: Sequence[list[int]],
    seeds: Sequence[int],
    temperature: float,
    top_p: float,
    limit: int,
) -> list[Generated]:
    """One response for each token list in ``asked``."""
    torch = import_torch()
    longest = max(map(len, asked))
    pad = lm.tokenizer.eos_token_id
    # EOS and PAD are one token in many models, so the mask is made from lengths.
    ids = torch.tensor([[pad] * (longest - len(row)) + row for row in asked], device=lm.device)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in asked], device=lm.device)
    began = time.monotonic()
    with torch.inference_mode():
        out = lm.model.generate(
            ids,
            attention_mask=mask,
            max_new_tokens=limit,
            pad_token_id=pad,
            do_sample=False,
            logits_processor=_noise(seeds, temperature, top_p) if temperature > 0 else None,
        )
    seconds = (time.monotonic() - began) / len(asked)
    ends = _end_tokens(lm)
    rows = out[:, longest:].tolist()
    return [_read(lm, row, ends, seconds, seed) for row, seed in zip(rows, seeds, strict=True)]


def _noise(seeds: Sequence[int], temperature: float, top_p: float) -> Any:
    """Turn logits (batch, vocabulary) into noisy scores whose argmax is a draw from the nucleus."""
    torch, transformers = import_torch(), import_transformers()
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def noisy(_ids: Any, scores: Any) -> Any:
        scores = scores.float() / temperature
        if top_p < 1:
            ordered, places = torch.sort(scores, descending=True, dim=-1)
            before = torch.softmax(ordered, dim=-1).cumsum(dim=-1) - torch.softmax(ordered, dim=-1)
            ordered = ordered.masked_fill(before >= top_p, float("-inf"))
            scores = torch.empty_like(scores).scatter_(-1, places, ordered)
        uniform = torch.stack([torch.rand(scores.shape[-1], generator=one) for one in generators])
        return scores - torch.log(-torch.log(uniform.clamp_min(1e-20))).to(scores.device)

    return transformers.LogitsProcessorList([noisy])


def _read(lm: LanguageModel, row: list[int], ends: set[int], seconds: float, seed: int) -> Generated:
    place = next((at for at, token in enumerate(row) if token in ends), None)
    answer = row if place is None else row[:place]
    text = lm.tokenizer.decode(answer, skip_special_tokens=True).strip()
    finish = "length" if place is None else "stop"
    return Generated(text, len(answer), seconds, seed, finish, ("truncated",) if place is None else ())


def _end_tokens(lm: LanguageModel) -> set[int]:
    ends = lm.model.generation_config.eos_token_id
    listed = ends if isinstance(ends, list) else [ends]
    return {token for token in [*listed, lm.tokenizer.eos_token_id] if token is not None}


def _seed(lm: LanguageModel, messages: Messages, seed: int, draw: int, replicate: int) -> int:
    """A seed of this response's own: neighbours do not share their luck."""
    turns = [[turn["role"], turn["content"]] for turn in messages]
    name = json.dumps([seed, draw, replicate, lm.revision, turns], ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")


def _flagged(made: Generated) -> Generated:
    flag = "duplicate" if made.text else "empty"
    return Generated(made.text, made.tokens, made.seconds, made.seed, made.finish, (*made.flags, flag))
