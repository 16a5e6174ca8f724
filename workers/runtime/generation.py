"""Sample responses: the same seed, prompt and parameters give the same texts, whatever ran before."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workers.runtime.loading import LanguageModel, Messages, import_torch

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
    """``k`` responses to one prompt, as one batch.

    ``temperature`` 0 is greedy decoding, and then all k are alike and flagged so. Raises ValueError when
    the prompt leaves no room in the model's window.
    """
    room = lm.window - len(lm.prompt_ids(messages))
    if room < 1:
        raise ValueError("The prompt fills the model's window; shorten it, or use a model with a longer one.")
    limit = min(max_new_tokens, room)
    kept: list[Generated] = []
    spare: list[Generated] = []
    for draw in range(REDRAWS + 1):
        missing = k - len(kept)
        if not missing:
            break
        for made in _draw(lm, messages, missing, temperature, top_p, _seed(lm, messages, seed, draw), limit):
            fresh = made.text and made.text not in {one.text for one in kept}
            (kept if fresh else spare).append(made)
        if temperature == 0:
            break
    kept += [_flagged(one, kept) for one in spare[: k - len(kept)]]
    return kept


def _draw(
    lm: LanguageModel,
    messages: Messages,
    count: int,
    temperature: float,
    top_p: float,
    seed: int,
    limit: int,
) -> Iterator[Generated]:
    torch = import_torch()
    prompt = lm.prompt_ids(messages)
    # EOS and PAD are one token in many models, so the mask is made from lengths: all rows are full here.
    ids = torch.tensor([prompt] * count, device=lm.device)
    sampling: dict[str, Any] = {"do_sample": temperature > 0}
    if temperature > 0:
        sampling |= {"temperature": temperature, "top_p": top_p, "top_k": 0}
    began = time.monotonic()
    devices = [lm.device] if lm.device != "cpu" else []
    with torch.random.fork_rng(devices=devices), torch.inference_mode():
        torch.manual_seed(seed)
        out = lm.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=limit,
            pad_token_id=lm.tokenizer.eos_token_id,
            **sampling,
        )
    seconds = (time.monotonic() - began) / count
    ends = _end_tokens(lm)
    for row in out[:, len(prompt) :].tolist():
        place = next((at for at, token in enumerate(row) if token in ends), None)
        answer = row if place is None else row[:place]
        text = lm.tokenizer.decode(answer, skip_special_tokens=True).strip()
        finish = "length" if place is None else "stop"
        flags = ("truncated",) if place is None else ()
        yield Generated(text, len(answer), seconds, seed, finish, flags)


def _end_tokens(lm: LanguageModel) -> set[int]:
    ends = lm.model.generation_config.eos_token_id
    listed = ends if isinstance(ends, list) else [ends]
    return {token for token in [*listed, lm.tokenizer.eos_token_id] if token is not None}


def _seed(lm: LanguageModel, messages: Messages, seed: int, draw: int) -> int:
    """A seed of this prompt's own: neighbours in a chunk do not share their luck."""
    turns = [[turn["role"], turn["content"]] for turn in messages]
    name = json.dumps([seed, draw, lm.revision, turns], ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")


def _flagged(made: Generated, kept: list[Generated]) -> Generated:
    flag = "duplicate" if made.text else "empty"
    return Generated(made.text, made.tokens, made.seconds, made.seed, made.finish, (*made.flags, flag))
