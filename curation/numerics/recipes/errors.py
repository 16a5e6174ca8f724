"""What is wrong with a recipe, said so that it can be put right."""

from __future__ import annotations


class RecipeError(ValueError):
    """A recipe that cannot be followed: which field is wrong, why, and what to put there.

    ``line`` counts from 1 and is 0 where the recipe did not come as text.
    """

    def __init__(self, message: str, *, field: str, cure: str, line: int = 0) -> None:
        place = f"line {line}, {field}" if line else field
        super().__init__(f"{place}: {message} {cure}")
        self.message = message
        self.field = field
        self.cure = cure
        self.line = line


class NotReady(Exception):
    """A column that takes long to compute is not there yet, and nobody may wait for it here."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has not been computed yet.")
        self.name = name
