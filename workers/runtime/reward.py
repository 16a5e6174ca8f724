"""Reward models: one number for a whole conversation, or one for two responses side by side.

A *single* model is any sequence classifier with one output, such as those trained with the Bradley-Terry loss
on the last token (Stiennon et al., arXiv 2009.01325): r(x, y) is its raw output, and P(y1 better than y2) is
σ(r1 − r2). A *pair* model reads request and both responses in one text, as PairRM does (Jiang et al.,
"LLM-Blender", arXiv 2306.02561), and its output is the logit of the first being better: PairRM itself, whose
head ``pair_model`` builds, or a sequence classifier with one output that was trained on such texts.

What goes wrong silently elsewhere: a second set of special tokens besides those of the chat template; a
classifier that finds the last token by comparing with a padding token that it was never told, or that ends
every text; padding that shifts positions; a text cut at its end, where the score is read.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workers.runtime.batching import halving, length_batches
from workers.runtime.cache import models
from workers.runtime.devices import best_device, choose_dtype, import_torch
from workers.runtime.errors import ModelRefused
from workers.runtime.loading import (
    Messages,
    load_weights,
    plain_messages,
    plain_text,
    template_hash,
    weight_bytes,
)
from workers.runtime.packaged import ModelFolder
from workers.runtime.pair_model import PairModel, is_pair_model, load_pair_model

MAX_TOKENS = 2048
BUDGET = {"cpu": 2048, "cuda": 16384}
# What a pair model is shown of the request and of each response, in tokens: PairRM's own limits.
SOURCE_TOKENS, CANDIDATE_TOKENS = 1224, 412
PAIR_PARTS = ("<|source|>", "<|candidate1|>", "<|candidate2|>")


@dataclass(frozen=True, slots=True)
class RewardModel:
    """A sequence classifier with one output, on its device, with its tokenizer."""

    model: Any
    tokenizer: Any
    name: str
    revision: str
    template_hash: str
    dtype: str
    device: str

    @property
    def reads_pairs(self) -> bool:
        """Whether it is of PairRM's own shape, and so can read nothing but pairs."""
        return isinstance(self.model, PairModel)

    @property
    def window(self) -> int:
        """The longest text that is read, in tokens."""
        if self.reads_pairs:
            # PairRM's encoder knows relative places alone: its own limits hold, and no table ends before.
            return MAX_TOKENS
        return min(MAX_TOKENS, int(getattr(self.model.config, "max_position_embeddings", MAX_TOKENS)))


@dataclass(frozen=True, slots=True)
class Reward:
    """``value``: the raw output, None where a flag says why: "empty", "too_long" (for a pair model's
    window), "not_finite". The flag "truncated" (the
    beginning of the conversation was left out) leaves the number standing."""

    value: float | None
    flags: tuple[str, ...] = ()


def load_reward_model(folder: ModelFolder, *, dtype: str = "auto") -> RewardModel:
    """Raises ModelRefused for a folder that is unsafe, or whose model does not give exactly one number."""
    device = best_device()
    chosen = choose_dtype(device, dtype)
    key = ("reward model", folder.path, folder.revision, chosen, device)
    return models.get(key, lambda: _load(folder, chosen, device), expected=weight_bytes(folder.path, chosen))


def _load(folder: ModelFolder, dtype: str, device: str) -> RewardModel:
    if is_pair_model(folder.path):
        tokenizer, pair = load_pair_model(folder, dtype=dtype, device=device)
        return RewardModel(pair, tokenizer, folder.name, folder.revision, "pairrm", dtype, device)
    kind = "AutoModelForSequenceClassification"
    tokenizer, model = load_weights(folder, kind, dtype=dtype, device=device)
    if model.config.num_labels != 1:
        raise ModelRefused(
            f"{folder.name} gives {model.config.num_labels} numbers; a reward model gives one."
        )
    named = template_hash(tokenizer) if tokenizer.chat_template else "two-texts"
    return RewardModel(model, tokenizer, folder.name, folder.revision, named, dtype, device)


def rewards(
    rm: RewardModel, asked: Sequence[tuple[Messages, str]], *, side: str = "right"
) -> Iterator[list[tuple[int, Reward]]]:
    """Batches of (place in ``asked``, its reward), the shortest conversations first.

    ``asked``: conversations up to the response, and the response. ``side``: where rows are padded; the
    numbers are the same either way. Raises ModelRefused for a model that reads pairs only.
    """
    if rm.reads_pairs:
        raise ModelRefused(f"{rm.name} reads two responses side by side: choose the form for pairs.")
    yield from _scored(rm, [_conversation(rm, prompt, text) for prompt, text in asked], side)


def pair_logits(
    rm: RewardModel, asked: Sequence[tuple[Messages, str, str]], *, side: str = "right"
) -> Iterator[list[tuple[int, Reward]]]:
    """As ``rewards`` for a pair model: the logit that the first of two responses is the better one."""
    yield from _scored(rm, [_side_by_side(rm, *one) for one in asked], side)


@dataclass(frozen=True, slots=True)
class _Text:
    ids: list[int]
    flags: tuple[str, ...]


def _conversation(rm: RewardModel, prompt: Messages, response: str) -> _Text:
    """The whole conversation by the model's own template, which brings its own special tokens; a classifier
    without one reads request and response as its two texts. Cut on the left: the score is read at the end."""
    if not response.strip():
        return _Text([], ("empty",))
    turns = plain_messages([*prompt, {"role": "assistant", "content": response}], rm.tokenizer)
    if rm.tokenizer.chat_template:
        text = rm.tokenizer.apply_chat_template(turns, tokenize=False)
        ids = rm.tokenizer(text, add_special_tokens=False)["input_ids"]
        cut = ids[-rm.window :]
    else:
        request = "\n\n".join(turn["content"] for turn in turns[:-1])
        ids = rm.tokenizer(request, turns[-1]["content"])["input_ids"]
        cut = rm.tokenizer(request, turns[-1]["content"], truncation="longest_first", max_length=rm.window)[
            "input_ids"
        ]
    return _Text(list(cut), ("truncated",) if len(cut) < len(ids) else ())


def _side_by_side(rm: RewardModel, prompt: Messages, first: str, second: str) -> _Text:
    if not (first.strip() and second.strip()):
        return _Text([], ("empty",))
    request = "\n\n".join(turn["content"] for turn in prompt)
    if rm.reads_pairs:
        return _pairrm_text(rm, (request, first, second))
    ids: list[int] = []
    flags: tuple[str, ...] = ()
    limits = (SOURCE_TOKENS, CANDIDATE_TOKENS, CANDIDATE_TOKENS)
    for mark, text, limit in zip(PAIR_PARTS, (request, first, second), limits, strict=True):
        part = rm.tokenizer(plain_text(text, rm.tokenizer), add_special_tokens=False)["input_ids"]
        ids += rm.tokenizer(mark, add_special_tokens=False)["input_ids"] + part[:limit]
        flags = ("truncated",) if len(part) > limit else flags
    begin, end = rm.tokenizer.cls_token_id, rm.tokenizer.sep_token_id
    whole = [token for token in (begin, *ids, end) if token is not None]
    return _Text(whole, flags) if len(whole) <= rm.window else _Text([], ("too_long",))


def _pairrm_text(rm: RewardModel, texts: tuple[str, str, str]) -> _Text:
    """Each part between marks of its own, [CLS] mark text [SEP], as the published model was trained; the
    responses share what the request leaves of the window."""
    begin, end = rm.tokenizer.cls_token_id, rm.tokenizer.sep_token_id
    ids: list[int] = []
    flags: tuple[str, ...] = ()
    limit = SOURCE_TOKENS
    for place, (mark, text) in enumerate(zip(rm.model.marks, texts, strict=True)):
        part = rm.tokenizer(plain_text(text, rm.tokenizer), add_special_tokens=False)["input_ids"]
        ids += [begin, mark, *part[: limit - 3], end]
        flags = ("truncated",) if len(part) > limit - 3 else flags
        limit = (SOURCE_TOKENS + 2 * CANDIDATE_TOKENS - len(ids)) // 2 if place == 0 else limit
    return _Text(ids, flags)


def _scored(rm: RewardModel, texts: Sequence[_Text], side: str) -> Iterator[list[tuple[int, Reward]]]:
    barred = [place for place, text in enumerate(texts) if not text.ids]
    if barred:
        yield [(place, Reward(None, texts[place].flags)) for place in barred]
    ready = [place for place, text in enumerate(texts) if text.ids]
    budget = BUDGET.get(rm.device, BUDGET["cuda"])
    for batch in length_batches([len(texts[place].ids) for place in ready], budget=budget):
        places = [ready[inside] for inside in batch]
        values = halving([texts[place].ids for place in places], lambda rows: _forward(rm, rows, side))
        yield [
            (place, _reward(value, texts[place].flags)) for place, value in zip(places, values, strict=True)
        ]


def _reward(value: float, flags: tuple[str, ...]) -> Reward:
    finite = value == value and abs(value) != float("inf")
    return Reward(value, flags) if finite else Reward(None, (*flags, "not_finite"))


def _forward(rm: RewardModel, rows: Sequence[list[int]], side: str) -> list[float]:
    torch = import_torch()
    longest = max(map(len, rows))
    config = rm.model.config
    trained = config.pad_token_id
    pad = trained if trained is not None else _unused(rows)
    gaps = [longest - len(row) for row in rows]
    left = side == "left"
    ids = [[pad] * gap + row if left else row + [pad] * gap for row, gap in zip(rows, gaps, strict=True)]
    mask = [
        [0] * gap + [1] * len(row) if left else [1] * len(row) + [0] * gap
        for row, gap in zip(rows, gaps, strict=True)
    ]
    seen = torch.tensor(mask, device=rm.device)
    more: dict[str, Any] = {}
    if left and "position_ids" in inspect.signature(rm.model.forward).parameters:
        more["position_ids"] = (seen.cumsum(dim=1) - 1).clamp(min=0)
    config.pad_token_id = pad
    try:
        with torch.inference_mode():
            out = rm.model(torch.tensor(ids, device=rm.device), attention_mask=seen, **more)
    finally:
        config.pad_token_id = trained
    return [float(value) for value in out.logits[:, 0].float().cpu()]


def _unused(rows: Sequence[list[int]]) -> int:
    """A padding token for a model that was told none and so reads the very last token: one that ends no text,
    for the last token is found by comparing with it."""
    ends = {row[-1] for row in rows}
    return next(token for token in range(len(ends) + 1) if token not in ends)
