"""PairRow: the one typed row that every export is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NoReturn

ROLES = frozenset({"system", "user", "assistant"})


class RowRefused(ValueError):
    """A row that cannot be exported: whose it is, which field is wrong, and what to do about it."""

    def __init__(self, row_id: str, message: str, *, field: str, cure: str) -> None:
        super().__init__(f"row {row_id!r}, {field}: {message} {cure}")
        self.row_id = row_id
        self.message = message
        self.field = field
        self.cure = cure


@dataclass(frozen=True, slots=True)
class PairRow:
    """One settled pair.

    ``prompt``: the turns before the response, each with "role" and "content". ``strength``: 0..3, size of
    the mean preference. ``margin``: 0..1, the reward margin that training may ask for. ``confidence``:
    0..1, share of the judges who gave the verdict. ``ln_ches``: in the direction chosen to rejected, None
    where it was not scored. ``provenance``: anything JSON holds about where the row comes from.

    Raises RowRefused for a number outside its range, a text that is not Unicode, or an unknown role.
    """

    id: str
    prompt: Sequence[Mapping[str, str]]
    chosen: str
    rejected: str
    strength: float
    margin: float
    confidence: float
    n_judges: int
    chosen_model: str | None = None
    rejected_model: str | None = None
    ln_ches: float | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, low, high in (("strength", 0, 3), ("margin", 0, 1), ("confidence", 0, 1)):
            value = getattr(self, name)
            if not isfinite(value) or not low <= value <= high:
                self._refuse(name, f"{value!r} is out of range.", f"Give a number from {low} to {high}.")
        if self.ln_ches is not None and not isfinite(self.ln_ches):
            self._refuse("ln_ches", f"{self.ln_ches!r} is not finite.", "Give None where there is no score.")
        if self.n_judges < 0:
            self._refuse("n_judges", f"{self.n_judges} is negative.", "Count the judges of the verdict.")
        if not self.prompt:
            self._refuse("prompt", "There is no turn in it.", "Give at least one message.")
        for place, turn in enumerate(self.prompt):
            if turn.get("role") not in ROLES:
                cure = f"Choose one of {', '.join(sorted(ROLES))}."
                self._refuse(f"prompt[{place}].role", f"{turn.get('role')!r} is no role.", cure)
            self._check_text(f"prompt[{place}].content", turn.get("content"))
        for name in ("id", "chosen", "rejected"):
            self._check_text(name, getattr(self, name))

    def _check_text(self, name: str, text: object) -> None:
        if not isinstance(text, str):
            self._refuse(name, "This is not a text.", "Give a string.")
        try:
            text.encode()
        except UnicodeEncodeError:
            self._refuse(name, "It holds half of a surrogate pair.", "Decode the source as UTF-8.")

    def _refuse(self, name: str, message: str, cure: str) -> NoReturn:
        raise RowRefused(str(self.id), message, field=name, cure=cure)
