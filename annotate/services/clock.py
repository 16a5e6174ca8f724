"""Leases run on the database's clock: a worker whose own clock is an hour off grants nothing early."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, Expression, ExpressionWrapper, Value
from django.db.models.functions import Now


def database_now_plus(delta: timedelta | Expression) -> Any:
    """An expression for INSERT and UPDATE: the time there, then, plus ``delta``."""
    if delta == timedelta():
        # SQLite writes a sum with six digits and its clock with three, and compares letters: what is due now
        # would not be until the next millisecond.
        return Now()
    span = Value(delta) if isinstance(delta, timedelta) else delta
    return ExpressionWrapper(Now() + span, output_field=DateTimeField())
