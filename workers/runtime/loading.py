"""Load language models from folders: safetensors only, never code, once per process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from workers.runtime.cache import models
from workers.runtime.devices import best_device as best_device
from workers.runtime.devices import choose_dtype
from workers.runtime.devices import import_torch as import_torch
from workers.runtime.devices import import_transformers as import_transformers
from workers.runtime.errors import ModelRefused, out_of_memory
from workers.runtime.packaged import ModelFolder
from workers.runtime.safety import refuse_unsafe as refuse_unsafe

Messages: TypeAlias = Sequence[Mapping[str, str]]

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


def load_language_model(folder: ModelFolder, *, dtype: str = "float32") -> LanguageModel:
    """Load a model, or give back the one this process holds. ``dtype``: "float32", "bfloat16" or "auto".

    Raises ModelRefused for a folder that is unsafe or is no causal language model; MissingPackage where torch
    or transformers is not installed.
    """
    device = best_device()
    chosen = choose_dtype(device, dtype)
    key = ("language model", folder.path, folder.revision, chosen, device)
    return models.get(key, lambda: _load(folder, chosen, device), expected=weight_bytes(folder.path, chosen))


def weight_bytes(path: Path, dtype: str) -> int:
    """About how much memory a folder's weights need: their size on disk, halved where they are kept wider."""
    size = sum(name.stat().st_size for name in path.glob("*.safetensors"))
    return size // 2 if dtype == "bfloat16" else size


def load_weights(folder: ModelFolder, kind: str, *, dtype: str, device: str, **more: Any) -> tuple[Any, Any]:
    """A tokenizer and a model by transformers' class ``kind``, in evaluation mode on ``device``.

    Safetensors only, from this folder only, no code. Raises ModelRefused with the reason.
    """
    torch, transformers = import_torch(), import_transformers()
    refuse_unsafe(folder.path)
    safe = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder.path, **safe)
        model, report = getattr(transformers, kind).from_pretrained(
            folder.path,
            dtype=getattr(torch, dtype),
            use_safetensors=True,
            output_loading_info=True,
            **safe,
            **more,
        )
    except Exception as trouble:
        if out_of_memory(trouble):
            raise
        said = str(trouble).strip().split("\n")[0][:200]
        raise ModelRefused(f"{folder.name} does not load as a model of this kind: {said}") from trouble
    if missing := sorted(report["missing_keys"]):
        # transformers would fill them with random numbers, and every score would be noise.
        raise ModelRefused(f"{folder.name} lacks weights for a model of this kind ({missing[0]}).")
    return tokenizer, model.eval().to(device)


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
    tokenizer, model = load_weights(folder, "AutoModelForCausalLM", dtype=dtype, device=device)
    if not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_TEMPLATE
    return LanguageModel(
        model=model,
        backbone=model.get_decoder() if hasattr(model, "get_decoder") else model.base_model,
        tokenizer=tokenizer,
        name=folder.name,
        revision=folder.revision,
        template_hash=template_hash(tokenizer),
        dtype=dtype,
        device=device,
    )


def template_hash(tokenizer: Any) -> str:
    return hashlib.sha256(tokenizer.chat_template.encode()).hexdigest()[:16]
