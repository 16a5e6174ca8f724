"""What can go wrong below: told apart by what the caller can do about it."""

from __future__ import annotations


class MissingPackage(Exception):
    """A package with weights or code is not installed; the message says how to get it."""


class ModelRefused(Exception):
    """A model folder that is not loaded, and why."""


class TargetRefused(Exception):
    """A place that does not take a release, and why; trying again will not help."""


class EndpointUnavailable(Exception):
    """The endpoint is down, slow or busy: try again, after ``retry_after`` seconds where it said so.

    ``resting``: it was not asked, for others found it down."""

    def __init__(self, message: str, *, retry_after: float | None = None, resting: bool = False) -> None:
        super().__init__(message)
        self.retry_after, self.resting = retry_after, resting


class EndpointNonsense(Exception):
    """The endpoint answered something that is no chat completion: trying again will not help.

    ``answered``: it did answer the question, and may charge for it.
    """

    def __init__(self, message: str, *, answered: bool = False) -> None:
        super().__init__(message)
        self.answered = answered


def out_of_memory(trouble: BaseException) -> bool:
    """Whether memory ran out, on a GPU or on the processor, where torch says so only in its words."""
    if isinstance(trouble, MemoryError) or type(trouble).__name__ == "OutOfMemoryError":
        return True
    said = str(trouble)
    return isinstance(trouble, RuntimeError) and (
        "out of memory" in said or "can't allocate memory" in said or "not enough memory" in said
    )
