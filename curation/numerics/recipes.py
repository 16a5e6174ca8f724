"""A recipe: the ordered curation steps of a release, as values and as plain dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import Any, ClassVar, TypeAlias


class RecipeError(ValueError):
    """A recipe that cannot be followed: which field is wrong, why, and what to put there."""

    def __init__(self, message: str, *, field: str, cure: str) -> None:
        super().__init__(f"{field}: {message} {cure}")
        self.message = message
        self.field = field
        self.cure = cure


@dataclass(frozen=True, slots=True)
class DropUndecided:
    """Drop every pair without a preferred side: ties, neither, undecided, not judged."""

    name: ClassVar[str] = "drop_undecided"


@dataclass(frozen=True, slots=True)
class DropAlike:
    """Drop the pairs whose two sides look most alike to the policy: the top share by LN-CHES.

    ``top_percent``: 0..100, of the pairs that still stand and have a score. Filtering by the
    length-normalised score is the advice of arXiv 2410.08847, §6.
    """

    top_percent: float = 10.0
    name: ClassVar[str] = "drop_alike"

    def __post_init__(self) -> None:
        value = self.top_percent
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not isfinite(value) or not 0 <= value <= 100:
            raise RecipeError(
                f"{value!r} is not a percentage.", field="top_percent", cure="Give a number from 0 to 100."
            )


@dataclass(frozen=True, slots=True)
class DropDuplicates:
    """Keep one pair of those with the same prompt and the same two responses; drop pairs of equal
    responses.
    """

    name: ClassVar[str] = "drop_duplicates"


Step: TypeAlias = DropUndecided | DropAlike | DropDuplicates

STEPS: dict[str, type[Step]] = {step.name: step for step in (DropUndecided, DropAlike, DropDuplicates)}


def step_to_dict(step: Step) -> dict[str, Any]:
    """``DropAlike(10)`` becomes ``{"step": "drop_alike", "top_percent": 10}``."""
    return {"step": step.name} | asdict(step)


def recipe_to_dicts(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [step_to_dict(step) for step in steps]


def recipe_from_dicts(plain: Any) -> tuple[Step, ...]:
    """Read a recipe as it is stored. Raises RecipeError with the field as a path, such as
    ``steps[1].top_percent``.

    A recipe without ``drop_undecided`` is refused: a pair without a preferred side has nothing to be
    exported as chosen.
    """
    if not isinstance(plain, list | tuple):
        raise RecipeError(
            "A recipe is a list of steps.", field="steps", cure='Write [{"step": "drop_undecided"}].'
        )
    steps = tuple(_step(one, f"steps[{place}]") for place, one in enumerate(plain))
    if not any(isinstance(step, DropUndecided) for step in steps):
        raise RecipeError(
            "Pairs without a preferred side would be left in.",
            field="steps",
            cure='Add {"step": "drop_undecided"}.',
        )
    return steps


def _step(plain: Any, where: str) -> Step:
    if not isinstance(plain, Mapping):
        raise RecipeError("A step is an object.", field=where, cure='Write {"step": "drop_duplicates"}.')
    name = plain.get("step")
    if not isinstance(name, str) or name not in STEPS:
        raise RecipeError(
            f"There is no step {name!r}.",
            field=f"{where}.step",
            cure=f"Choose one of {', '.join(sorted(STEPS))}.",
        )
    kind = STEPS[name]
    known = [field.name for field in fields(kind)]
    for key in plain:
        if key != "step" and key not in known:
            cure = f"It knows {', '.join(known)}." if known else "Leave it out: the step has no settings."
            raise RecipeError(f"{name} has no such setting.", field=f"{where}.{key}", cure=cure)
    try:
        return kind(**{key: value for key, value in plain.items() if key != "step"})
    except RecipeError as error:
        raise RecipeError(error.message, field=f"{where}.{error.field}", cure=error.cure) from error
