"""What a project says about its flow, read from JSON and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

STOPS = ("never", "posterior", "spread")
# Above this, more is asked to know the judges than to know the items.
MOST_CHECKS = 50


class RuleError(ValueError):
    """A rule that cannot be followed; ``field`` names it and ``cure`` says what may be."""

    def __init__(self, message: str, *, field: str, cure: str) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.cure = cure


@dataclass(frozen=True, slots=True)
class FlowRules:
    """The rules of one project. Shares are whole per cents of a judge's turns.

    ``stop``: when an item has the least overlap, "posterior" asks for one more as long as the chance that
    the leading answer leads in truth is below ``sure_at`` per cent; "spread" as long as the answers to one
    number differ by more than ``most_spread``; "never" asks for the most overlap from the start.
    ``spread_on`` names the one number that matters ("preference", or "ratings.helpfulness"), and then only
    the answers that agree most have to be so near, as many of them as the least overlap.
    ``pass_mark``: per cent of the qualification that must be right; None asks for no qualification.
    ``suggestion_holdout``: per cent of the items on which nobody is shown what a model would say.
    """

    gold_percent: int = 0
    repeat_percent: int = 0
    trap_percent: int = 0
    gold_feedback: bool = False
    pass_mark: int | None = None
    stop: str = "posterior"
    sure_at: int = 90
    most_spread: int = 2
    spread_on: str = ""
    suggestions: bool = False
    suggestion_holdout: int = 20

    def __post_init__(self) -> None:
        for name in ("gold_percent", "repeat_percent", "trap_percent"):
            _whole(name, getattr(self, name), 0, MOST_CHECKS)
        if self.check_percent > MOST_CHECKS:
            raise RuleError(
                "More turns would be checks than work.",
                field="gold_percent",
                cure=f"Keep gold, repeats and traps at {MOST_CHECKS} per cent together.",
            )
        if self.pass_mark is not None:
            _whole("pass_mark", self.pass_mark, 1, 100)
        if self.stop not in STOPS:
            raise RuleError("There is no such rule.", field="stop", cure=f"Choose one of {', '.join(STOPS)}.")
        _whole("sure_at", self.sure_at, 51, 99)
        _whole("most_spread", self.most_spread, 0, 10)
        _whole("suggestion_holdout", self.suggestion_holdout, 0, 100)
        if not isinstance(self.spread_on, str) or len(self.spread_on) > 130:
            raise RuleError("This is no name.", field="spread_on", cure="Name a question, or leave it empty.")
        for name in ("gold_feedback", "suggestions"):
            if not isinstance(getattr(self, name), bool):
                raise RuleError("This is on or off.", field=name, cure="Give true or false.")

    @property
    def check_percent(self) -> int:
        return self.gold_percent + self.repeat_percent + self.trap_percent

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> FlowRules:
        """The rules as stored; what is not there has its default. Raises RuleError."""
        known = {one.name for one in fields(cls)}
        unknown = sorted(set(stored) - known)
        if unknown:
            raise RuleError(
                "There is no such rule.", field=unknown[0], cure=f"Known are {', '.join(sorted(known))}."
            )
        return cls(**stored)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def _whole(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise RuleError(
            "This number is out of range.", field=name, cure=f"Give a whole number from {least} to {most}."
        )
