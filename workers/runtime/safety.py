"""Look at a model folder before anything in it is loaded: weights as safetensors, and never code.

Loading pickled weights runs whatever they say (also past ``weights_only``: CVE-2025-32434, CVE-2026-24747).
Configurations have been used to load code past ``trust_remote_code=False`` (CVE-2026-4372), through private
keys and through attention kernels named in them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workers.runtime.errors import ModelRefused

# The files that transformers reads settings from.
CONFIGS = frozenset(
    {
        "adapter_config.json",
        "config.json",
        "generation_config.json",
        "preprocessor_config.json",
        "processor_config.json",
        "tokenizer_config.json",
    }
)
PICKLED = frozenset(
    [
        ".bin",
        ".ckpt",
        ".dill",
        ".h5",
        ".joblib",
        ".keras",
        ".msgpack",
        ".npy",
        ".npz",
        ".pickle",
        ".pkl",
        ".pt",
        ".pth",
    ]
)
CODE = frozenset([".dll", ".dylib", ".py", ".pyc", ".pyd", ".sh", ".so"])
# Notes that transformers itself writes when it saves; every other private key is refused.
HARMLESS = frozenset({"_from_model_config", "_name_or_path"})
# Keys that name code or kernels to fetch, at any depth.
FORBIDDEN = frozenset({"auto_map", "custom_pipelines", "kernel_config", "trust_remote_code", "use_kernels"})
ATTENTION = ("attn_implementation", "experts_implementation")
MAX_HEADER = 100 << 20


def refuse_unsafe(path: Path) -> None:
    """Raise ModelRefused, with the reason, where loading could run code or would not find safe weights."""
    root = path.resolve()
    if not (root / "config.json").is_file():
        raise ModelRefused(f"{path.name} holds no config.json: it is not a model folder.")
    names = sorted(root.rglob("*"))
    for name in names:
        if name.suffix.lower() in PICKLED:
            raise ModelRefused(f"{name.name} may hold pickled code. Convert the weights to safetensors.")
        if name.suffix.lower() in CODE:
            raise ModelRefused(f"{name.name} is code. Models that bring their own code are not loaded.")
        if name.is_symlink() and not name.resolve().is_relative_to(root):
            raise ModelRefused(f"{name.name} points out of the model's folder.")
    weights = [name for name in names if name.suffix == ".safetensors"]
    if not weights:
        raise ModelRefused(f"{path.name} holds no safetensors weights.")
    for name in weights:
        _refuse_header(name)
    for name in names:
        if name.name in CONFIGS:
            _refuse_config(name)


def _refuse_header(path: Path) -> None:
    """The header's length is the file's own word: it is checked before that much is read."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, MAX_HEADER):
            raise ModelRefused(f"{path.name} is no safetensors file: its header does not fit into it.")
        header = stream.read(length)
    try:
        found = json.loads(header)
    except (ValueError, RecursionError) as trouble:
        raise ModelRefused(f"{path.name} is no safetensors file: its header is not JSON.") from trouble
    if not isinstance(found, dict):
        raise ModelRefused(f"{path.name} is no safetensors file: its header is not an object.")


def _refuse_config(path: Path) -> None:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as trouble:
        raise ModelRefused(f"{path.name} is not JSON.") from trouble
    if not isinstance(config, dict):
        raise ModelRefused(f"{path.name} is not an object.")
    _refuse_keys(config, path.name)


def _refuse_keys(value: Any, name: str) -> None:
    """Look at every object in a configuration: parts of a model have configurations of their own."""
    if isinstance(value, list):
        for one in value:
            _refuse_keys(one, name)
    if not isinstance(value, dict):
        return
    for key, inside in value.items():
        if key in FORBIDDEN and inside not in (None, False):
            raise ModelRefused(f"{name} asks for code ({key}).")
        private = key.startswith("_") and key not in HARMLESS
        if private and name == "config.json":
            raise ModelRefused(f"{name} sets a private key ({key}).")
        if key.endswith(ATTENTION) and inside not in (None, "eager", "sdpa"):
            raise ModelRefused(f"{name} names a kernel ({key}).")
        _refuse_keys(inside, name)
