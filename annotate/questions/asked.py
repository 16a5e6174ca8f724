"""What kinds have in common by what they are asked about: the item as a whole, or each candidate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from annotate.questions.kind import (
    Fields,
    Words,
    by_candidate,
    read_sides,
    renamed_keys,
    to_places,
    to_positions,
    write_sides,
)
from annotate.questions.subject import Subject


class OfTheItem:
    """Asked once, about all candidates together."""

    __slots__ = ()

    @property
    def per_candidate(self) -> bool:
        return False

    @property
    def reads_texts(self) -> bool:
        return False


class OfEach(ABC):
    """Asked about the item, or with ``per_candidate`` of each candidate. The kind says what one answer is;
    many are a mapping of them by candidate."""

    __slots__ = ()
    per_candidate: bool

    @property
    def reads_texts(self) -> bool:
        return False

    @abstractmethod
    def clean_one(self, value: Any, field: str, *, whole: bool, whose: str) -> Any:
        """One answer as it is kept; ``whose`` is " for A" or the like, to name it in a refusal."""

    @abstractmethod
    def words_of(self, entry: Any) -> frozenset[str]: ...

    @abstractmethod
    def read_one(self, fields: Fields, name: str) -> Any: ...

    @abstractmethod
    def write_one(self, entry: Any, name: str) -> dict[str, list[str]]: ...

    def clean(self, value: Any, *, field: str, about: Subject, whole: bool = True) -> Any:
        if not self.per_candidate:
            return self.clean_one(value, field, whole=whole, whose="")

        def clean(entry: Any, at: str, position: int) -> Any:
            return self.clean_one(entry, at, whole=whole, whose=f" for {about.name(position)}")

        return by_candidate(value, field=field, about=about, whole=whole, clean=clean)

    def stored(self, value: Any, order: Sequence[int]) -> Any:
        return renamed_keys(value, to_positions(order)) if self.per_candidate else value

    def shown(self, value: Any, order: Sequence[int]) -> Any:
        return renamed_keys(value, to_places(order)) if self.per_candidate else value

    def words(self, value: Any) -> Words:
        if not self.per_candidate:
            return {None: self.words_of(value)}
        return {int(position): self.words_of(entry) for position, entry in value.items()}

    def read(self, fields: Fields, name: str, texts: Sequence[str]) -> Any:
        if not self.per_candidate:
            return self.read_one(fields, name)
        return read_sides(fields, name, len(texts), lambda side: self.read_one(fields, side))

    def write(self, value: Any, name: str) -> dict[str, list[str]]:
        return write_sides(value, name, self.write_one) if self.per_candidate else self.write_one(value, name)
