"""Times and numbers as a person says them."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.filter
def duration(seconds: Any) -> str:
    """``5400|duration``: "1 h 30 min"; below a minute in seconds, beyond ten hours without the minutes."""
    try:
        left = abs(float(seconds))
    except (TypeError, ValueError):
        return ""
    if left < 59.5:
        return f"{left:.0f} s"
    minutes = round(left / 60)
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    if hours >= 10 or not minutes:
        return f"{hours + (minutes >= 30 and hours >= 10):,} h"
    return f"{hours} h {minutes} min"


@register.filter
def shorter(number: Any) -> Any:
    """A number without its sign."""
    return abs(number) if isinstance(number, int | float) else number
