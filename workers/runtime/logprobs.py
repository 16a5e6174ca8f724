"""Log-probabilities of responses under a model, from the hidden vectors that predict them.

With h the vectors that predict the tokens of a response y, p = softmax(head(h)): log π(y|x) is the sum of
log p at the tokens of y. Its *end* is the log-probability of the model's own end token after y.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

from workers.runtime.errors import ModelRefused
from workers.runtime.loading import LanguageModel, import_torch

# Positions whose logits are held at once: 256 rows of 50,000 tokens are 50 MB.
CHUNK = 256


@dataclass(frozen=True, slots=True)
class LogProb:
    """``total``: sum of log p over the response's tokens, in nats, without an end token; ``tokens``: their
    number. ``end``: log p of the tokenizer's end token after it, None where there is no such token; after a
    response that was cut it means nothing. ``excess``: mean over tokens of
    log p(token) − log Σ p², the logarithm of the on-policy weight (Zhou et al., "WPO", arXiv 2406.11827)."""

    total: float
    tokens: int
    end: float | None
    excess: float

    @property
    def mean(self) -> float:
        """Nats per token."""
        return self.total / self.tokens


def token_logprobs(lm: LanguageModel, hidden: Any, targets: Any) -> tuple[Any, Any]:
    """log p of ``targets`` (N,) and log Σ p² under the vectors ``hidden`` (N, width); both (N,), float32 on
    the device. The head runs on these positions only, some hundreds at a time.

    Raises ModelRefused for a model whose logits are not its head's.
    """
    torch = import_torch()
    _check_head(lm)
    said, square = [], []
    with torch.inference_mode():
        for start in range(0, len(targets), CHUNK):
            piece = slice(start, start + CHUNK)
            logits = _logits(lm, hidden[piece]).float()
            whole = logits.logsumexp(dim=-1)
            said.append(logits.gather(1, targets[piece, None])[:, 0] - whole)
            # In place: a row of logits for each position is the most memory that a score takes.
            square.append(logits.mul_(2).logsumexp(dim=-1) - 2 * whole)
    return torch.cat(said), torch.cat(square)


def _logits(lm: LanguageModel, hidden: Any) -> Any:
    torch = import_torch()
    logits = lm.model.get_output_embeddings()(hidden)
    cap = getattr(lm.model.config, "final_logit_softcapping", None)
    return torch.tanh(logits / cap) * cap if cap else logits


_checked: weakref.WeakSet[Any] = weakref.WeakSet()


def _check_head(lm: LanguageModel) -> None:
    """Some models scale their logits after the head; reading the head alone would be silently wrong."""
    if lm.model in _checked:
        return
    torch = import_torch()
    vocabulary = int(lm.backbone.get_input_embeddings().num_embeddings)
    ids = torch.tensor([[(13 * place + 5) % vocabulary for place in range(9)]], device=lm.device)
    with torch.inference_mode():
        whole = lm.model(input_ids=ids, use_cache=False).logits[0].float()
        ours = _logits(lm, lm.backbone(input_ids=ids, use_cache=False).last_hidden_state[0]).float()
    gap = float((whole - ours).abs().max())
    if gap > 1e-2 * float(whole.abs().max()):
        raise ModelRefused(
            f"{lm.name} changes its logits after its head; its log-probabilities are not read."
        )
    _checked.add(lm.model)
