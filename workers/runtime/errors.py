"""What can go wrong below: told apart by what the caller can do about it."""

from __future__ import annotations


class MissingPackage(Exception):
    """A package with weights or code is not installed; the message says how to get it."""


class ModelRefused(Exception):
    """A model folder that is not loaded, and why."""


class EndpointUnavailable(Exception):
    """The endpoint is down, slow or busy: try again, after ``retry_after`` seconds where it said so."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class EndpointNonsense(Exception):
    """The endpoint answered something that is no chat completion: trying again will not help."""
