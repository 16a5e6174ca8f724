"""A language model of characters, small enough to be trained in a minute, saved in the usual form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

WIDTH, LAYERS, WINDOW = 64, 2, 768
STEPS, ROWS, LENGTH = 150, 16, 256
TEMPLATE = (
    "{% for turn in messages %}<|{{ turn['role'] }}|>{{ turn['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ["<|end|>", "<|user|>", "<|assistant|>", "<|system|>", "[UNK]"]


def trained_on(conversations: Sequence[list[dict[str, str]]], folder: Path, *, seed: int = 0) -> float:
    """Train on conversations, cut at 256 characters, and save. Returns the last loss, nats per character."""
    import numpy as np
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer()
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=3 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        max_position_embeddings=WINDOW,
        eos_token_id=0,
        pad_token_id=0,
        bos_token_id=None,
    )
    model = LlamaForCausalLM(config)
    texts = [tokenizer.apply_chat_template(one, tokenize=False) for one in conversations]
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    rows = torch.tensor([row[:LENGTH] for row in ids if len(row) >= LENGTH])
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    drawing = np.random.default_rng(seed)
    loss: Any = None
    for _step in range(STEPS):
        batch = rows[torch.from_numpy(drawing.integers(0, len(rows), ROWS))]
        loss = model(batch, labels=batch).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return float(loss.detach())


def _tokenizer() -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    characters = [chr(code) for code in range(32, 127)] + ["\n"]
    vocabulary = {token: place for place, token in enumerate(SPECIAL + characters)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>", unk_token="[UNK]",
        additional_special_tokens=SPECIAL[1:4],
    )  # fmt: skip
    fast.chat_template = TEMPLATE
    return fast
