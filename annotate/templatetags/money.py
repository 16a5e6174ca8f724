"""Numbers as people read them: sums of money and shares."""

from __future__ import annotations

import math
from typing import Any

from django import template
from django.utils.formats import number_format

from annotate.services.allowances import money as plain_money

register = template.Library()


@register.filter
def money(millionths: Any) -> str:
    """Millionths as a plain number; nothing for what is none."""
    return str(number_format(plain_money(millionths))) if isinstance(millionths, int) else ""


@register.filter
def percent(share: Any) -> str:
    """A share of one as per cent, with its sign where it is below 0; nothing for what is none."""
    if not isinstance(share, int | float) or not math.isfinite(share):
        return ""
    return f"{number_format(round(100 * share, 1), 1)} %"


@register.filter
def points(difference: Any) -> str:
    """A difference of two shares in points of a hundred, always with its sign; nothing for what is none."""
    if not isinstance(difference, int | float) or not math.isfinite(difference):
        return ""
    return f"{'+' if difference >= 0 else ''}{number_format(round(100 * difference, 1), 1)}"
