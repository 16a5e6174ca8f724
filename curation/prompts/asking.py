"""From a judge's settings and an item to the calls that are made: every pair in both orders, adjacent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from string import ascii_uppercase

from curation.prompts import wording
from curation.prompts.fencing import fence_for, fenced, marked, neutral
from curation.prompts.spec import Demonstration, JudgeSpec

LETTERS = ("A", "B")
# Questions that ask which response is better, and nothing more particular.
PLAIN_KEYS = ("preference", "ranking")
NOT_APPLICABLE = "N"
MAX_CHARACTERS = 24_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged: the prompt's turns, the candidates' texts as stored, a reference answer where there is
    one."""

    prompt: Sequence[Mapping[str, str]]
    texts: tuple[str, ...]
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A question of the project as a judge may be asked it. ``kind``: "preference", "ranking" (pair by pair,
    with ``ties`` or without), "rating", "choice".
    ``attributes`` of a rating as (name, words), from ``low`` to ``high``, or with ``na`` not applicable;
    ``options`` of a choice as (value, words);
    ``per_candidate``: asked of each response."""

    key: str
    kind: str
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    low: int = 1
    high: int = 5
    na: bool = True
    options: tuple[tuple[str, str], ...] = ()
    per_candidate: bool = True
    ties: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a model. ``shown``: stored positions in the order shown. ``part``: the principle,
    aspect, attribute or order of options it is about. ``labels``: what may be answered, ``values`` what each
    stands for; ``ties``: whether a ranking may hold some."""

    question: str
    kind: str
    part: str
    shown: tuple[int, ...]
    sample: int
    text: str
    opening: str
    labels: tuple[str, ...]
    values: tuple[str, ...]
    ties: bool = True


def calls_for(spec: JudgeSpec, subject: Subject, tasks: Sequence[Task], *, secret: bytes) -> list[Call]:
    """Every call that this judge makes about this subject, in the order in which they share most.

    ``secret`` feeds the fences. A subject with fewer than two texts has no preference to ask for.
    """
    made: list[Call] = []
    for task in tasks:
        if task.kind == "preference" and len(subject.texts) >= 2:
            made += _pair_calls(spec, subject, task, (0, 1), secret)
        elif task.kind == "ranking":
            for pair in combinations(range(len(subject.texts)), 2):
                made += _pair_calls(spec, subject, task, pair, secret)
        elif task.kind == "rating":
            made += _rating_calls(spec, subject, task, secret)
        elif task.kind == "choice":
            made += _choice_calls(spec, subject, task, secret)
    if spec.aspects and len(subject.texts) >= 2:
        words = [(one, wording.ASPECT_WORDS.get(one, one.replace("_", " "))) for one in spec.aspects]
        aspects = Task(key="", kind="rating", attributes=tuple(words))
        made += _rating_calls(spec, subject, aspects, secret)
    return made


def _pair_calls(
    spec: JudgeSpec, subject: Subject, task: Task, pair: tuple[int, int], secret: bytes
) -> list[Call]:
    criteria = spec.principles or ("",)
    return [
        Call(
            question=task.key,
            kind=task.kind,
            part=criterion,
            shown=shown,
            sample=sample,
            text=pair_text(spec, subject, shown, criterion or _aspect_of(task), secret),
            opening=wording.OPENING_PAIR,
            labels=LETTERS,
            values=("first", "second") if shown == pair else ("second", "first"),
            ties=task.ties,
        )
        for criterion in criteria
        for sample in range(spec.samples)
        for shown in (pair, pair[::-1])
    ]


def _aspect_of(task: Task) -> str:
    """A comparison beside the plain ones is about what its own text says."""
    return task.text if task.key not in PLAIN_KEYS else ""


def pair_text(
    spec: JudgeSpec, subject: Subject, shown: tuple[int, int], criterion: str, secret: bytes
) -> str:
    """The whole prompt of one pair in one order, as the judge reads it."""
    request, reference = request_text(subject), _cut(neutral(subject.reference))
    sides = [_cut(neutral(subject.texts[place])) for place in shown]
    # In stored order, so that both orders have one fence and begin alike.
    fence = fence_for(
        [request, reference, *(_cut(neutral(subject.texts[place])) for place in sorted(shown))], secret
    )
    return _filled(
        spec.template,
        {
            "fence": fence,
            "criterion": wording.CRITERION.format(text=criterion) if criterion else "",
            "reference": _reference(spec, reference, fence, marked),
            "examples": "".join(_example(spec, one, fence) for one in spec.demonstrations),
            "request": marked(request, fence),
            "first": marked(sides[0], fence),
            "second": marked(sides[1], fence),
            "answer": _question(spec, fence),
        },
    )


def _question(spec: JudgeSpec, fence: str) -> str:
    """What ends the last text. The answer of a local model is begun for it, so it is told no form."""
    asked = wording.QUESTION_PAIR.format(fence=fence)
    return asked if spec.backend == "local" else f"{asked} {_answer(spec, LETTERS)}"


def request_text(subject: Subject) -> str:
    turns = subject.prompt
    if len(turns) == 1:
        return neutral(turns[0]["content"])
    return neutral("\n\n".join(f"{turn['role']}: {turn['content']}" for turn in turns))


def _example(spec: JudgeSpec, one: Demonstration, fence: str) -> str:
    texts = {name: marked(neutral(getattr(one, name)), fence) for name in ("prompt", "first", "second")}
    return wording.EXAMPLE.format(
        request=texts["prompt"],
        first=texts["first"],
        second=texts["second"],
        fence=fence,
        verdict=_verdict(spec, LETTERS[one.verdict != "first"]),
    )


def _verdict(spec: JudgeSpec, letter: str) -> str:
    """A verdict in the form that the judge is to give its own."""
    if spec.backend == "local":
        return f"{wording.OPENING_PAIR} {letter}"
    return f'{{"verdict": "{letter}"}}' if spec.reply == "json" else letter


def _rating_calls(spec: JudgeSpec, subject: Subject, task: Task, secret: bytes) -> list[Call]:
    labels, values, legend = _scale(task)
    request, reference = request_text(subject), _cut(neutral(subject.reference))
    about: list[tuple[int, ...]] = [(place,) for place in range(len(subject.texts))]
    made = []
    for shown in about if task.per_candidate else [()]:
        text = _cut(neutral(subject.texts[shown[0]])) if shown else ""
        fence = fence_for([request, reference, text], secret)
        parts = {
            "fence": fence,
            "reference": _reference(spec, reference, fence, fenced),
            "request": fenced(request, fence),
            "response": f"Response:\n{fenced(text, fence)}\n\n" if shown else "",
            "low": str(task.low),
            "high": str(task.high),
            "absent": wording.ABSENT if task.na else "",
            "legend": legend,
            "answer": _answer(spec, labels),
        }
        made += [
            Call(
                question=task.key,
                kind="rating",
                part=attribute,
                shown=shown,
                sample=sample,
                text=_filled(wording.RATING_TEMPLATE, parts | {"aspect": neutral(words)}),
                opening=wording.OPENING_RATING,
                labels=labels,
                values=values,
            )
            for attribute, words in task.attributes
            for sample in range(spec.samples)
        ]
    return made


def _scale(task: Task) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """What stands for the points: digits, or letters where a point is no single digit and so no single
    token."""
    points = tuple(str(number) for number in range(task.low, task.high + 1))
    absent = (NOT_APPLICABLE,) if task.na else ()
    if task.low >= 0 and task.high <= 9:
        return points + absent, points + absent, ""
    letters = tuple(ascii_uppercase[: len(points)])
    legend = ", ".join(f"{letter} for {point}" for letter, point in zip(letters, points, strict=True))
    return letters + absent, points + absent, f" Write {legend}."


def _reference(spec: JudgeSpec, reference: str, fence: str, put: Callable[[str, str], str]) -> str:
    if not (spec.reference and reference):
        return ""
    return wording.REFERENCE.format(text=put(reference, fence))


def _choice_calls(spec: JudgeSpec, subject: Subject, task: Task, secret: bytes) -> list[Call]:
    """Both ways round: a liking for the option that stands first must not look like an answer."""
    request = request_text(subject)
    about: list[tuple[int, ...]] = [(place,) for place in range(len(subject.texts))]
    letters = tuple(ascii_uppercase[: len(task.options)])
    made = []
    for shown in about if task.per_candidate else [()]:
        texts = [_cut(neutral(subject.texts[place])) for place in shown]
        fence = fence_for([request, *texts], secret)
        for order in ("forward", "backward"):
            options = task.options if order == "forward" else task.options[::-1]
            listed = "\n".join(
                f"{letter}. {neutral(words)}" for letter, (_, words) in zip(letters, options, strict=True)
            )
            asked = _filled(
                wording.CHOICE_TEMPLATE,
                {
                    "what": "a response to a request" if shown else "a request",
                    "fence": fence,
                    "request": fenced(request, fence),
                    "responses": "".join(f"Response:\n{fenced(text, fence)}\n\n" for text in texts),
                    "question": neutral(task.text),
                    "options": listed,
                    "answer": _answer(spec, letters),
                },
            )
            values = tuple(value for value, _ in options)
            made += [
                Call(task.key, "choice", order, shown, sample, asked, wording.OPENING_CHOICE, letters, values)
                for sample in range(spec.samples)
            ]
    return made


def _answer(spec: JudgeSpec, labels: Sequence[str]) -> str:
    letters = ", ".join(labels[:-1]) + " or " + labels[-1]
    words = wording.ANSWER_JSON if spec.reply == "json" else wording.ANSWER_LETTER
    return words.format(letters=letters)


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """All places at once: what is put in is never looked at again, whatever braces it holds."""
    return re.sub(r"\{(\w+)\}", lambda found: parts.get(found[1], found[0]), template)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + " [...]"
