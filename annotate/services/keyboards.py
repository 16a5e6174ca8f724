"""A person's own keys for the desk."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import User

from annotate.errors import InvalidSetting
from annotate.models import Keyboard
from annotate.selectors.keyboards import ACTS, RESERVED


def choose_keys(*, user: User, keys: Mapping[str, str]) -> Keyboard:
    """Keep the keys that differ from the usual ones. Raises InvalidSetting for a key that answers questions
    or does two things."""
    chosen = {act: keys.get(act, "").strip().lower() or usual for act, usual in ACTS.items()}
    for act, key in chosen.items():
        if len(key) != 1 or not key.isprintable():
            raise InvalidSetting("A key is one character.", field=act, cure="Type the character on the key.")
        if key in RESERVED:
            raise InvalidSetting(
                "This key answers questions.",
                field=act,
                cure="Choose one that is no digit and none of a b c e n.",
            )
        twin = next((other for other, its in chosen.items() if its == key and other != act), None)
        if twin is not None:
            raise InvalidSetting(
                "Two acts would have this key.", field=act, cure="Choose another for one of them."
            )
    own = {act: key for act, key in chosen.items() if key != ACTS[act]}
    keyboard, _made = Keyboard.objects.update_or_create(user=user, defaults={"keys": own})
    return keyboard
