from __future__ import annotations

from django.contrib.auth.models import User

from annotate.models import Keyboard

# The acts that may have another key, with their usual ones; static/js/desk/keys.js has the same.
ACTS = {
    "undo": "u",
    "skip": "s",
    "flag": "f",
    "note": "t",
    "guidelines": "g",
    "raw": "r",
    "differences": "d",
    "prompt": "p",
    "pictures": "i",
    "later": "j",
    "mine": "k",
    "keys": "?",
}
# What answers questions stays: digits, the sides, equal and neither.
RESERVED = frozenset("0123456789abcen")


def own_keys(user: User) -> dict[str, str]:
    """The keys this person chose that are not the usual ones."""
    keyboard = Keyboard.objects.filter(user=user).first()
    return dict(keyboard.keys) if keyboard is not None else {}
