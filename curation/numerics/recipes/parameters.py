"""The kinds of settings that a step may have: each reads one plain value, or says what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar, NoReturn, TypeAlias

from curation.numerics.recipes.errors import RecipeError


@dataclass(frozen=True, slots=True)
class Setting:
    """What every kind has: its name in the recipe, its words on the page, and the value when left out."""

    name: str
    words: str
    default: Any = None
    help: str = ""
    widget: ClassVar[str] = "text"

    def read(self, value: Any, where: str) -> Any:
        raise NotImplementedError

    def refuse(self, value: Any, where: str, cure: str) -> NoReturn:
        raise RecipeError(f"{value!r} does not fit.", field=where, cure=cure)


@dataclass(frozen=True, slots=True)
class Number(Setting):
    """A finite number from ``low`` to ``high``; with ``optional`` also null, which means no limit."""

    low: float = float("-inf")
    high: float = float("inf")
    whole: bool = False
    optional: bool = False
    widget: ClassVar[str] = "number"

    def read(self, value: Any, where: str) -> float | int | None:
        if value is None and self.optional:
            return None
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not isfinite(value) or not self.low <= value <= self.high:
            self.refuse(value, where, self._cure())
        if self.whole and int(value) != value:
            self.refuse(value, where, self._cure())
        return int(value) if self.whole else value

    def _cure(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        if isfinite(self.low) and isfinite(self.high):
            return f"Give {kind} from {self.low:g} to {self.high:g}."
        return f"Give {kind} from {self.low:g} up." if isfinite(self.low) else f"Give {kind}."


@dataclass(frozen=True, slots=True)
class Choice(Setting):
    """One of a few words."""

    options: tuple[str, ...] = ()
    widget: ClassVar[str] = "choice"

    def read(self, value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in self.options:
            self.refuse(value, where, f"Choose one of {', '.join(self.options)}.")
        return value


@dataclass(frozen=True, slots=True)
class Flag(Setting):
    """Yes or no."""

    widget: ClassVar[str] = "flag"

    def read(self, value: Any, where: str) -> bool:
        if not isinstance(value, bool):
            self.refuse(value, where, "Write true or false.")
        return value


@dataclass(frozen=True, slots=True)
class Name(Setting):
    """One name, such as that of a score; not empty."""

    widget: ClassVar[str] = "text"

    def read(self, value: Any, where: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self.refuse(value, where, "Give a name.")
        return value.strip()


@dataclass(frozen=True, slots=True)
class Names(Setting):
    """A list of texts; with ``options`` each must be one of them. ``least`` is how many there must be."""

    options: tuple[str, ...] = ()
    least: int = 0
    widget: ClassVar[str] = "names"

    def read(self, value: Any, where: str) -> tuple[str, ...]:
        plain = isinstance(value, Sequence) and not isinstance(value, str)
        if not plain or not all(isinstance(one, str) for one in value):
            self.refuse(value, where, "Give a list of texts.")
        found = tuple(dict.fromkeys(one.strip() for one in value if one.strip()))
        if self.options and set(found) - set(self.options):
            self.refuse(value, where, f"Choose from {', '.join(self.options)}.")
        if len(found) < self.least:
            self.refuse(value, where, "Name at least one.")
        return found


@dataclass(frozen=True, slots=True)
class Weights(Setting):
    """Names with a number each, such as shares or the weights of attributes."""

    low: float = float("-inf")
    widget: ClassVar[str] = "weights"

    def read(self, value: Any, where: str) -> dict[str, float]:
        if not isinstance(value, Mapping):
            self.refuse(value, where, "Write a name and a number for each, such as helpfulness: 0.65.")
        read = Number("weight", "", low=self.low)
        return {str(name): float(read.read(one, f"{where}.{name}") or 0.0) for name, one in value.items()}


AnySetting: TypeAlias = Number | Choice | Flag | Name | Names | Weights

SEED = Number("seed", "Seed", 0, low=0, high=2**63 - 1, whole=True)
MISSING = Choice(
    "missing", "Pairs without the number", "keep", options=("keep", "drop"),
    help="A pair that was not scored is kept or dropped, as you say; it is never guessed.",
)  # fmt: skip
