"""PairRM's own shape: a DeBERTa that reads request and both responses in one text, and a head that scores
either response beside the request.

Jiang et al., "LLM-Blender", arXiv 2306.02561, §3; the layout of weights and settings is that of the published
``PairRM-hf`` folders (architecture ``DebertaV2PairRM``). The program that comes with them is not needed and
would not be run: this is the whole architecture. With h the encoder's last states,

    s_k = W2 tanh(W1 [h_source; h_candidate k] + b1) + b2,    logit = mean over tasks of s_1 − s_2,

each h taken at the mark that opens its part of the text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from workers.runtime.devices import import_torch, import_transformers
from workers.runtime.errors import ModelRefused, out_of_memory
from workers.runtime.packaged import ModelFolder
from workers.runtime.safety import refuse_unsafe

ARCHITECTURE = "DebertaV2PairRM"
MARKS = ("source_prefix_id", "cand1_prefix_id", "cand2_prefix_id")
ENCODER, HEAD = "pretrained_model.", "head_layer."
# Places in the published head: dropout, linear, tanh, dropout, linear.
LAYERS = {"1": "first", "4": "second"}


def is_pair_model(path: Path) -> bool:
    """Whether a folder's configuration names PairRM's architecture."""
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and ARCHITECTURE in (config.get("architectures") or [])


@dataclass(slots=True)
class PairModel:
    """Called as a classifier of transformers is: gives ``logits`` (rows, 1), the first one's lead."""

    encoder: Any
    first: Any
    second: Any
    marks: tuple[int, int, int]

    @property
    def config(self) -> Any:
        return self.encoder.config

    def parameters(self) -> list[Any]:
        return [value for part in (self.encoder, self.first, self.second) for value in part.parameters()]

    def buffers(self) -> list[Any]:
        return list(self.encoder.buffers())

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        torch = import_torch()
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        rows = torch.arange(len(input_ids), device=input_ids.device)
        # The first of each mark: a mark that a text spells out comes later, and is split before anyway.
        source, one, other = (states[rows, (input_ids == mark).int().argmax(dim=1)] for mark in self.marks)
        scores = [
            self.second(torch.tanh(self.first(torch.cat([source, side], dim=-1)))) for side in (one, other)
        ]
        return SimpleNamespace(logits=(scores[0] - scores[1]).mean(dim=-1, keepdim=True))

    __call__ = forward


def load_pair_model(folder: ModelFolder, *, dtype: str, device: str) -> tuple[Any, PairModel]:
    """A tokenizer and the model, in evaluation mode on ``device``. Raises ModelRefused with the reason."""
    torch, transformers = import_torch(), import_transformers()
    refuse_unsafe(folder.path)
    safe = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder.path, **safe)
        config = transformers.DebertaV2Config.from_pretrained(folder.path, **safe)
        marks = tuple(int(getattr(config, name)) for name in MARKS)
        weights = _weights(folder.path)
        model = _built(config, weights, marks, getattr(torch, dtype))
    except ModelRefused:
        raise
    except Exception as trouble:
        if out_of_memory(trouble):
            raise
        said = str(trouble).strip().split("\n")[0][:200]
        raise ModelRefused(f"{folder.name} does not load as a pair model: {said}") from trouble
    for name, mark in zip(MARKS, marks, strict=True):
        if not 0 <= mark < config.vocab_size:
            raise ModelRefused(f"{folder.name} has a {name} that is not in its vocabulary.")
    for part in (model.encoder, model.first, model.second):
        part.eval().to(device)
    return tokenizer, model


def _weights(path: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    found: dict[str, Any] = {}
    for name in sorted(path.glob("*.safetensors")):
        found |= load_file(name)
    return found


def _built(config: Any, weights: dict[str, Any], marks: Any, dtype: Any) -> PairModel:
    torch, transformers = import_torch(), import_transformers()
    tasks = int(getattr(config, "n_tasks", 1))
    encoder = transformers.DebertaV2Model(config)
    parts = {
        "first": torch.nn.Linear(2 * config.hidden_size, config.hidden_size),
        "second": torch.nn.Linear(config.hidden_size, tasks),
    }
    missing = [*_fill(encoder, weights, ENCODER)]
    for place, name in LAYERS.items():
        missing += _fill(parts[name], weights, f"{HEAD}{place}.")
    if missing:
        # They would stay random, and every score would be noise.
        raise ModelRefused(f"The folder lacks weights for a pair model ({missing[0]}).")
    cast = {name: part.to(dtype) for name, part in parts.items()}
    return PairModel(encoder.to(dtype), cast["first"], cast["second"], marks)


def _fill(module: Any, weights: dict[str, Any], prefix: str) -> list[str]:
    """Load what the file has for a part; returns what it has not, by the names it would have."""
    own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    report = module.load_state_dict(own, strict=False)
    return [prefix + name for name in report.missing_keys if not name.endswith("position_ids")]
