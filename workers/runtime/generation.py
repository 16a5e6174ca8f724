"""Sample responses: the same seed, prompt and parameters give the same texts, whatever ran before or beside.

In float32 this holds for every text we have seen; where two tokens are so close that the last digits of the
arithmetic decide, a text may go on differently in another batch. In bfloat16 such close calls are common, so
there a text is the same in the same batch only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workers.runtime.decoding import ROWS, Draw, Drawn, decode
from workers.runtime.loading import LanguageModel, Messages
from workers.runtime.sampling import Sampling

# A text that came out empty, or nearly as another, is drawn again this often before it is taken with a flag.
REDRAWS = 3
# Two texts are nearly one when so large a share of their characters is the same, case and spacing aside.
NEARLY = 0.95
# Named in every candidate's parameters: the same seed draws the same tokens only under the same rule.
SAMPLER = "gumbel-2"


@dataclass(frozen=True, slots=True)
class GenerationSpec:
    """How responses are drawn. ``k`` for each prompt; ``system``: put before each prompt that has no system
    turn of its own; ``stop``: texts at which a response ends, themselves left out."""

    k: int
    temperature: float
    top_p: float
    max_new_tokens: int
    system: str = ""
    stop: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """What a candidate keeps of this; what was not asked for is not named."""
        found: dict[str, Any] = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_new_tokens": self.max_new_tokens,
        }
        return (
            found
            | ({"system": self.system} if self.system else {})
            | ({"stop": list(self.stop)} if self.stop else {})
        )


@dataclass(frozen=True, slots=True)
class Generated:
    """One response. ``tokens`` counts what was generated; ``seconds`` is its share of the batches' time.

    ``finish``: "stop" where the model ended by itself or at a stop string, "length" at the limit. ``flags``:
    "truncated", "empty", "duplicate", "near_duplicate".
    """

    text: str
    tokens: int
    seconds: float
    seed: int
    finish: str
    flags: tuple[str, ...] = ()


def generate(lm: LanguageModel, messages: Messages, *, seed: int, **parameters: Any) -> list[Generated]:
    """The responses to one prompt, see ``generate_many``."""
    return generate_many(lm, [messages], seeds=[seed], **parameters)[0]


def generate_many(
    lm: LanguageModel, prompts: Sequence[Messages], *, seeds: Sequence[int], **parameters: Any
) -> list[list[Generated]]:
    """``k`` responses to each prompt. ``parameters``: those of ``GenerationSpec``; ``seeds``: one per prompt.

    Raises ValueError when a prompt leaves no room in the model's window.
    """
    spec = GenerationSpec(**parameters)
    made = dict(generate_each(lm, spec, prompts, seeds))
    if spec.k and not all(made.values()):
        raise ValueError("A prompt fills the model's window; shorten it, or take a model with a longer one.")
    return [made[place] for place in range(len(prompts))]


def generate_each(
    lm: LanguageModel,
    spec: GenerationSpec,
    prompts: Sequence[Messages],
    seeds: Sequence[int],
    *,
    wanted: Sequence[int] | None = None,
    rows: int = ROWS,
    alive: Callable[[], object] = lambda: None,
) -> Iterator[tuple[int, list[Generated]]]:
    """(place in ``prompts``, its responses), each prompt as soon as it has all of them.

    ``wanted``: how many for each prompt, where it is not ``spec.k``. ``temperature`` 0 takes the likeliest
    token each time, and then all are alike and flagged so. A response that came out empty, or nearly as one
    before, is drawn again a few times. Prompts of like length are read together. A prompt that leaves no room
    in the model's window gets none.
    """
    counts = [spec.k] * len(prompts) if wanted is None else list(wanted)
    asked = [_Asked(lm, spec, *one) for one in zip(prompts, seeds, counts, strict=True)]
    order = sorted(range(len(asked)), key=lambda place: len(asked[place].ids))
    waiting = deque(draw for place in order for draw in asked[place].draws(place))
    yield from ((place, []) for place, one in enumerate(asked) if not one.open)
    sampling = Sampling(spec.temperature, spec.top_p)
    for drawn in decode(lm, waiting, sampling, stop=spec.stop, rows=rows, alive=alive):
        place = drawn.draw.tag
        one = asked[place]
        one.take(drawn)
        if one.open:
            continue
        waiting.extend(one.draws(place))
        if not one.open:
            yield place, one.settled()


class _Asked:
    """A prompt with the responses that it has so far. A round of draws is looked at when all of it is there,
    in the order it was asked for, so that what is kept does not depend on which ended first."""

    def __init__(
        self, lm: LanguageModel, spec: GenerationSpec, prompt: Messages, seed: int, count: int
    ) -> None:
        self.lm, self.prompt, self.seed, self.count = lm, prompt, seed, count
        self.ids = prompt_ids(lm, prompt, spec.system)
        self.limit = min(spec.max_new_tokens, lm.window - len(self.ids))
        self.rounds = REDRAWS + 1 if spec.temperature > 0 else 1
        self.round = 0
        self.open: list[int] = []
        self.made: dict[int, Generated] = {}
        self.kept: list[Generated] = []
        self.spare: list[Generated] = []

    def draws(self, place: int) -> list[Draw]:
        """The next round, empty when there is nothing left to draw."""
        missing = self.count - len(self.kept) if self.limit > 0 else 0
        if missing == 0 or self.round == self.rounds:
            return []
        self.open = [self._seed(replicate) for replicate in range(missing)]
        self.round += 1
        self.made = {}
        return [Draw(self.ids, seed, self.limit, place) for seed in self.open]

    def take(self, drawn: Drawn) -> None:
        seed = drawn.draw.seed
        flags = ("truncated",) if drawn.finish == "length" else ()
        text = drawn.text.strip()
        self.made[seed] = Generated(text, len(drawn.tokens), drawn.seconds, seed, drawn.finish, flags)
        if len(self.made) < len(self.open):
            return
        for one in (self.made[seed] for seed in self.open):
            (self.spare if _flag(one.text, self.kept) else self.kept).append(one)
        self.open = []

    def settled(self) -> list[Generated]:
        """All that was asked for, those that stayed too much alike at the end."""
        for one in self.spare[: self.count - len(self.kept)]:
            flag = _flag(one.text, self.kept)
            flags = (*one.flags, flag) if flag else one.flags
            self.kept.append(Generated(one.text, one.tokens, one.seconds, one.seed, one.finish, flags))
        return self.kept

    def _seed(self, replicate: int) -> int:
        """A seed of this response's own: neighbours do not share their luck."""
        turns = [[turn["role"], turn["content"]] for turn in self.prompt]
        name = json.dumps([self.seed, self.round, replicate, self.lm.revision, turns], ensure_ascii=False)
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")


def prompt_ids(lm: LanguageModel, prompt: Messages, system: str = "") -> list[int]:
    """The prompt as tokens under a system prompt; a template that knows no such role gets it before the first
    turn."""
    if not system or prompt[0]["role"] == "system":
        return lm.prompt_ids(prompt)
    try:
        return lm.prompt_ids([{"role": "system", "content": system}, *prompt])
    except Exception as trouble:
        if type(trouble).__name__ != "TemplateError":
            raise
    first = {"role": prompt[0]["role"], "content": f"{system}\n\n{prompt[0]['content']}"}
    return lm.prompt_ids([first, *prompt[1:]])


def _flag(text: str, others: Sequence[Generated]) -> str:
    """What is wrong with another text beside those that are there; "" where nothing is."""
    if not text:
        return "empty"
    if any(text == other.text for other in others):
        return "duplicate"
    return "near_duplicate" if any(nearly_alike(text, other.text) for other in others) else ""


def nearly_alike(one: str, other: str) -> bool:
    from rapidfuzz.distance import Indel

    first, second = (re.sub(r"\s+", " ", text.casefold()).strip() for text in (one, other))
    return float(Indel.normalized_similarity(first, second, score_cutoff=NEARLY)) >= NEARLY
