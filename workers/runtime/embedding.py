"""Sentence embeddings by the packaged MiniLM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from workers.runtime.batching import halving, length_batches, token_batches
from workers.runtime.blocks import Block, attending, unused_mask
from workers.runtime.cache import models
from workers.runtime.devices import best_device, import_torch
from workers.runtime.loading import load_weights, weight_bytes
from workers.runtime.packaged import ModelFolder, minilm

WIDTH = 384
MAX_TOKENS = 256
TOKEN_BUDGET = 4096


@dataclass(frozen=True, slots=True)
class Encoder:
    """A sentence encoder on its device, with its tokenizer."""

    model: Any
    tokenizer: Any
    device: str


def embed(texts: Sequence[str]) -> Any:
    """Unit vectors, float32, shape (len(texts), 384): mean of the last hidden states over each text's tokens.

    Each distinct text is embedded once; a text is cut at 256 tokens, which is what the model was trained
    on. An empty text gets the vector of its two marker tokens.
    """
    import numpy as np

    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    found = np.zeros((len(distinct), WIDTH), dtype=np.float32)
    encoder = _encoder()
    ids = [encoder.tokenizer(text, truncation=True, max_length=MAX_TOKENS)["input_ids"] for text in distinct]
    joined = encoder.device == "cpu"
    cut, forward = (token_batches, _joined) if joined else (length_batches, _padded)
    for batch in cut([len(row) for row in ids], budget=TOKEN_BUDGET):
        found[batch] = halving([ids[place] for place in batch], lambda rows: list(forward(encoder, rows)))
    places = {text: place for place, text in enumerate(distinct)}
    return found[[places[text] for text in texts]] if len(texts) else np.zeros((0, WIDTH), dtype=np.float32)


def _encoder() -> Encoder:
    folder, device = minilm(), best_device()
    return models.get(
        ("encoder", folder.path, folder.revision, device),
        lambda: _load(folder, device),
        expected=weight_bytes(folder.path, "float32"),
    )


def _load(folder: ModelFolder, device: str) -> Encoder:
    tokenizer, model = load_weights(folder, "AutoModel", dtype="float32", device=device)
    return Encoder(model, tokenizer, device)


def _joined(encoder: Encoder, ids: Sequence[list[int]]) -> Any:
    """The texts in one row, each attending to itself alone."""
    torch = import_torch()
    ends = list(accumulate(map(len, ids)))
    texts = [slice(end - len(row), end) for row, end in zip(ids, ends, strict=True)]
    with torch.inference_mode(), attending(encoder.model.config, [Block(one, (one,)) for one in texts]):
        hidden = encoder.model(
            input_ids=torch.tensor([[token for row in ids for token in row]], device=encoder.device),
            attention_mask=unused_mask(encoder.device),
            position_ids=torch.tensor(
                [[place for row in ids for place in range(len(row))]], device=encoder.device
            ),
        ).last_hidden_state[0]
    means = torch.stack([hidden[text].float().mean(dim=0) for text in texts])
    return torch.nn.functional.normalize(means, dim=-1).numpy()


def _padded(encoder: Encoder, ids: Sequence[list[int]]) -> Any:
    torch = import_torch()
    longest = max(len(row) for row in ids)
    padded = torch.tensor([row + [0] * (longest - len(row)) for row in ids], device=encoder.device)
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids], device=encoder.device)
    with torch.inference_mode():
        hidden = encoder.model(input_ids=padded, attention_mask=mask).last_hidden_state
    weight = mask.unsqueeze(-1).float()
    mean = (hidden.float() * weight).sum(dim=1) / weight.sum(dim=1)
    return torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
