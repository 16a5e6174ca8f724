"""Load language models from folders: safetensors only, never code, once per process."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from workers.runtime.errors import MissingPackage, ModelRefused
from workers.runtime.packaged import ModelFolder

Messages: TypeAlias = Sequence[Mapping[str, str]]

# The files that transformers reads settings from.
CONFIGS = frozenset(
    {"config.json", "tokenizer_config.json", "generation_config.json", "processor_config.json"}
)
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
# Notes that transformers itself writes when it saves; every other private key is refused.
HARMLESS = frozenset({"_from_model_config", "_name_or_path"})
# Used for models without a chat template of their own; recorded by its hash.
PLAIN_TEMPLATE = "{% for turn in messages %}{{ turn['content'] }}\n\n{% endfor %}"


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A causal language model on its device, with its tokenizer.

    ``model`` has the head that gives next-token logits; ``backbone`` is the same weights without it.
    """

    model: Any
    backbone: Any
    tokenizer: Any
    name: str
    revision: str
    template_hash: str
    dtype: str
    device: str

    @property
    def window(self) -> int:
        """The longest sequence the model was made for, in tokens."""
        return int(getattr(self.model.config, "max_position_embeddings", 2048))

    def prompt_ids(self, messages: Messages) -> list[int]:
        """The prompt as tokens, up to where the assistant begins to speak.

        The template brings its own special tokens; text that spells one out is content, not control: see
        ``plain_messages``.
        """
        text = self.tokenizer.apply_chat_template(
            plain_messages(messages, self.tokenizer), tokenize=False, add_generation_prompt=True
        )
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def text_ids(self, text: str) -> list[int]:
        """A response as tokens, without beginning or end; what looks like a control token is split as
        text."""
        plain = plain_text(text, self.tokenizer)
        return list(self.tokenizer(plain, add_special_tokens=False)["input_ids"])


_loaded: dict[tuple[Path, str, str, str], LanguageModel] = {}


def load_language_model(folder: ModelFolder, *, dtype: str = "float32") -> LanguageModel:
    """Load a model, or give back the one this process has. ``dtype``: "float32" or "bfloat16".

    Raises ModelRefused for a folder with pickled weights, code, or keys that ask for code; MissingPackage
    where torch or transformers is not installed.
    """
    device = best_device()
    key = (folder.path, folder.revision, dtype, device)
    if key not in _loaded:
        refuse_unsafe(folder.path)
        _loaded[key] = _load(folder, dtype, device)
    return _loaded[key]


def best_device() -> str:
    torch = import_torch()
    return "cuda" if torch.cuda.is_available() else "cpu"


def import_torch() -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        import torch
    except ImportError as missing:
        raise MissingPackage('torch is not installed. Run: pip install "winnow[models]"') from missing
    return torch


def import_transformers() -> Any:
    """transformers, offline and without progress bars in the log."""
    import_torch()
    try:
        import transformers
    except ImportError as missing:
        raise MissingPackage('transformers is not installed. Run: pip install "winnow[models]"') from missing
    transformers.utils.logging.disable_progress_bar()
    return transformers


def refuse_unsafe(path: Path) -> None:
    """Raise ModelRefused where loading could run code. Config keys with an underscore have been used for
    that."""
    root = path.resolve()
    if not (root / "config.json").is_file():
        raise ModelRefused(f"{path} holds no config.json: it is not a model folder.")
    names = sorted(root.rglob("*"))
    for name in names:
        if name.suffix in PICKLED:
            raise ModelRefused(f"{name.name} may hold pickled code. Convert the weights to safetensors.")
        if name.suffix == ".py":
            raise ModelRefused(f"{name.name} is code. Models that bring their own code are not loaded.")
        if name.is_symlink() and not name.resolve().is_relative_to(root):
            raise ModelRefused(f"{name.name} points out of the model's folder.")
    if not any(name.suffix == ".safetensors" for name in names):
        raise ModelRefused(f"{path} holds no safetensors weights.")
    for name in names:
        if name.name in CONFIGS:
            _refuse_config(name)


def _refuse_config(path: Path) -> None:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as trouble:
        raise ModelRefused(f"{path.name} is not JSON.") from trouble
    if not isinstance(config, dict):
        raise ModelRefused(f"{path.name} is not an object.")
    if "auto_map" in config:
        raise ModelRefused(f"{path.name} asks for code (auto_map).")
    private = sorted(key for key in config if key.startswith("_") and key not in HARMLESS)
    if private and path.name == "config.json":
        raise ModelRefused(f"{path.name} sets a private key ({private[0]}).")


def plain_text(text: str, tokenizer: Any) -> str:
    """Break up control tokens of the model that are spelt out in a text, so that they stay text."""
    # Added words that look like markup are control tokens too, though not all tokenizers call them special.
    added = {word for word in tokenizer.added_tokens_encoder if word.startswith("<") and word.endswith(">")}
    for token in sorted(added | set(tokenizer.all_special_tokens)):
        if len(token) > 1 and token in text:
            text = text.replace(token, token[0] + "\u200b" + token[1:])
    return text


def plain_messages(messages: Messages, tokenizer: Any) -> list[dict[str, str]]:
    return [{"role": turn["role"], "content": plain_text(turn["content"], tokenizer)} for turn in messages]


def _load(folder: ModelFolder, dtype: str, device: str) -> LanguageModel:
    torch, transformers = import_torch(), import_transformers()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder.path, local_files_only=True)
    if not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_TEMPLATE
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder.path,
        dtype=getattr(torch, dtype),
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
    )
    model.eval().to(device)
    return LanguageModel(
        model=model,
        backbone=model.get_decoder() if hasattr(model, "get_decoder") else model.base_model,
        tokenizer=tokenizer,
        name=folder.name,
        revision=folder.revision,
        template_hash=hashlib.sha256(tokenizer.chat_template.encode()).hexdigest()[:16],
        dtype=dtype,
        device=device,
    )
