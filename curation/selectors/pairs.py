"""CHES of stored pairs, in either direction of the label."""

from __future__ import annotations

from typing import Any


def ln_ches_of(details: dict[str, Any], *, swapped: bool) -> float | None:
    """LN-CHES of a stored pair with either side chosen, from its Gram scalars."""
    from curation.numerics.ches import ln_ches

    if details.get("cross") is None:
        return None
    chosen, rejected = ("second", "first") if swapped else ("first", "second")
    return float(
        ln_ches(
            details["cross"], details[f"square_{chosen}"], details[f"n_{chosen}"], details[f"n_{rejected}"]
        )
    )


def ches_of(details: dict[str, Any], *, swapped: bool) -> float | None:
    """CHES of a stored pair with either side chosen."""
    from curation.numerics.ches import ches

    if details.get("cross") is None:
        return None
    return float(ches(details["cross"], details["square_second" if swapped else "square_first"]))
