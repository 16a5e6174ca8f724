"""Sentence embeddings by the packaged MiniLM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workers.runtime.loading import best_device, import_torch, import_transformers, refuse_unsafe
from workers.runtime.packaged import minilm

WIDTH = 384
MAX_TOKENS = 256
# Padded tokens per batch: on a CPU long batches lose more to padding than they gain.
TOKEN_BUDGET = 4096

_loaded: dict[str, tuple[Any, Any]] = {}


def embed(texts: Sequence[str]) -> Any:
    """Unit vectors, float32, shape (len(texts), 384): mean of the last hidden states over each text's tokens.

    Each distinct text is embedded once; a text is cut at 256 tokens, which is what the model was trained
    on. An empty text gets the vector of its two marker tokens.
    """
    import numpy as np

    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    found = np.zeros((len(distinct), WIDTH), dtype=np.float32)
    tokenizer, model, device = _model()
    ids = [tokenizer(text, truncation=True, max_length=MAX_TOKENS)["input_ids"] for text in distinct]
    order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
    for batch in _batches(order, ids):
        found[batch] = _forward(model, [ids[place] for place in batch], device)
    places = {text: place for place, text in enumerate(distinct)}
    return found[[places[text] for text in texts]] if len(texts) else np.zeros((0, WIDTH), dtype=np.float32)


def _model() -> tuple[Any, Any, str]:
    torch, transformers = import_torch(), import_transformers()
    device = best_device()
    if device not in _loaded:
        folder = minilm()
        refuse_unsafe(folder.path)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder.path, local_files_only=True)
        model = transformers.AutoModel.from_pretrained(
            folder.path,
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
        )
        _loaded[device] = (tokenizer, model.eval().to(device))
    tokenizer, model = _loaded[device]
    return tokenizer, model, device


def _batches(order: list[int], ids: list[list[int]]) -> list[list[int]]:
    """Places sorted by length, cut where the padded batch would pass the budget."""
    batches: list[list[int]] = []
    for place in order:
        if batches and len(ids[place]) * (len(batches[-1]) + 1) <= TOKEN_BUDGET:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def _forward(model: Any, ids: list[list[int]], device: str) -> Any:
    torch = import_torch()
    longest = max(len(row) for row in ids)
    padded = torch.tensor([row + [0] * (longest - len(row)) for row in ids], device=device)
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids], device=device)
    with torch.inference_mode():
        hidden = model(input_ids=padded, attention_mask=mask).last_hidden_state
    weight = mask.unsqueeze(-1).float()
    mean = (hidden.float() * weight).sum(dim=1) / weight.sum(dim=1)
    return torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
