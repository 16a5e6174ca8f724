"""What makes a judge the judge it is: change any of it and it is another version."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from curation.prompts.wording import PAIR_TEMPLATE, PLACEHOLDERS, wording_hash

BACKENDS = ("local", "endpoint", "reward", "strength")
# Kinds of questions that each can answer: a reward says which response is better, and heads that are trained
# on pairs compare the two of a pair.
_READS = ("preference", "ranking", "rating", "choice")
ANSWERS = {
    "local": _READS,
    "endpoint": _READS,
    "reward": ("preference", "ranking"),
    "strength": ("preference",),
}
REPLIES = ("letter", "json")
VERDICTS = ("first", "second")
# UltraFeedback's four (Cui et al. 2023, arXiv 2310.01377).
ASPECTS = ("instruction_following", "honesty", "truthfulness", "helpfulness")


class BadSpec(ValueError):
    """A setting that is none; ``field`` names it, ``cure`` says what to write."""

    def __init__(self, message: str, *, field: str, cure: str) -> None:
        super().__init__(message)
        self.field, self.cure = field, cure


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A pair shown as an example, with the verdict it should have."""

    prompt: str
    first: str
    second: str
    verdict: str


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """A judge's settings.

    ``backend``: who answers: the local model or an endpoint reads the template; a reward model and the
    strength head score each response. ``model``, ``url``, ``key_name``: where an endpoint is and which key it
    gets. ``logprobs``: read the letters' log-probabilities instead of the text. ``reply``: what a text must
    be, one "letter" or "json" with a reason. ``questions``: keys of the project's questions. ``principles``:
    each is asked about apart and votes. ``aspects``: each response is rated 1 to 5 on each, beside the
    overall question. ``samples`` in each order at ``temperature``. ``tie_band``: |p − ½| below it is a tie.
    ``keep_share``: with several samples, the least share that must agree, else the judge abstains.
    """

    backend: str = "local"
    model: str = ""
    url: str = ""
    key_name: str = ""
    logprobs: bool = True
    reply: str = "letter"
    template: str = PAIR_TEMPLATE
    questions: tuple[str, ...] = ("preference",)
    principles: tuple[str, ...] = ()
    aspects: tuple[str, ...] = ()
    reference: bool = False
    demonstrations: tuple[Demonstration, ...] = ()
    samples: int = 1
    temperature: float = 0.0
    tie_band: float = 0.05
    keep_share: float = 0.7

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def digest(self) -> str:
        """Names the settings, and our wording of everything that the settings do not hold."""
        text = json.dumps(self.as_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256((text + wording_hash()).encode()).hexdigest()

    @property
    def template_hash(self) -> str:
        return hashlib.sha256((self.template + wording_hash()).encode()).hexdigest()[:16]

    @property
    def asks_text(self) -> bool:
        """Whether the judge reads a prompt: the others score texts by themselves."""
        return self.backend in ("local", "endpoint")


def spec_from(given: dict[str, Any]) -> JudgeSpec:
    """A spec from stored or typed settings; what is left out has its default. Raises BadSpec."""
    known = {one.name for one in fields(JudgeSpec)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise BadSpec("There is no such setting.", field=unknown[0], cure=f"Settings: {', '.join(known)}.")
    values = dict(given)
    for name in ("questions", "principles", "aspects"):
        if name in values:
            values[name] = tuple(str(one).strip() for one in values[name] if str(one).strip())
    values["demonstrations"] = tuple(_demonstration(one) for one in values.get("demonstrations", ()))
    spec = JudgeSpec(**values)
    check(spec)
    return spec


def check(spec: JudgeSpec) -> None:
    """Raise BadSpec for what cannot be asked."""
    _one_of("backend", spec.backend, BACKENDS)
    _one_of("reply", spec.reply, REPLIES)
    _within("samples", spec.samples, 1, 15)
    _within("temperature", spec.temperature, 0, 2)
    _within("tie_band", spec.tie_band, 0, 0.5)
    _within("keep_share", spec.keep_share, 0.5, 1)
    if spec.backend == "endpoint" and not (spec.url and spec.model):
        raise BadSpec(
            "An endpoint needs its address and the model's name.",
            field="model" if spec.url else "url",
            cure="Such as http://localhost:8000/v1 and the name that it serves.",
        )
    if spec.backend == "reward" and not spec.model:
        raise BadSpec("Which reward model?", field="model", cure="Name a model folder, or owner/name@commit.")
    if spec.samples > 1 and spec.temperature == 0:
        raise BadSpec(
            "Samples at temperature 0 are all alike.", field="temperature", cure="0.7 is a usual choice."
        )
    if spec.samples > 1 and spec.logprobs:
        raise BadSpec(
            "Log-probabilities need no samples.", field="samples", cure="Ask once, or read the text instead."
        )
    if spec.backend == "local" and (not spec.logprobs or spec.reply != "letter"):
        raise BadSpec(
            "The local model is read by its probabilities.", field="logprobs", cure="Leave it switched on."
        )
    if not spec.questions:
        raise BadSpec("A judge needs a question.", field="questions", cure="Tick one of the project's.")
    for place in PLACEHOLDERS:
        if spec.template.count("{" + place + "}") != 1:
            raise BadSpec(
                f"The template must hold {{{place}}} once.",
                field="template",
                cure="Put " + ", ".join("{" + one + "}" for one in PLACEHOLDERS) + " each in one place.",
            )
    if not spec.template.rstrip().endswith("{answer}"):
        raise BadSpec(
            "The template must end with {answer}: it closes the last text and puts the question.",
            field="template",
            cure="Move {answer} to the end.",
        )


def _one_of(field: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadSpec(f"There is no such {field}.", field=field, cure=f"One of {', '.join(allowed)}.")


def _within(field: str, value: float, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadSpec(f"{field} is out of range.", field=field, cure=f"A number from {low:g} to {high:g}.")


def _demonstration(given: Any) -> Demonstration:
    if isinstance(given, Demonstration):
        return given
    names = ("prompt", "first", "second", "verdict")
    if not isinstance(given, dict) or set(given) != set(names) or given["verdict"] not in VERDICTS:
        raise BadSpec(
            "This is no demonstration.",
            field="demonstrations",
            cure='Each is {"prompt": …, "first": …, "second": …, "verdict": "first" or "second"}.',
        )
    return Demonstration(**{name: str(given[name]) for name in names})
