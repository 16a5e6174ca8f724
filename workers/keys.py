"""Keys of endpoints: known by name, kept in the worker's environment, each for one origin alone."""

from __future__ import annotations

from django.conf import settings

from annotate.errors import InvalidSetting
from workers.runtime.addresses import origin


def endpoint_key(*, name: str, url: str) -> str:
    """The key of that name for that address; "" for no name.

    Raises InvalidSetting where this worker has no such key, or it belongs to another scheme, host or port:
    whoever may name an address must not be able to send somebody's key there, nor have it sent in the clear.
    """
    if not name:
        return ""
    if name not in settings.WINNOW_ENDPOINT_KEYS:
        raise InvalidSetting(
            f"This worker has no key named {name}.",
            field="key_name",
            cure="Whoever runs Winnow puts it into WINNOW_ENDPOINT_KEYS of the workers.",
        )
    host, key = settings.WINNOW_ENDPOINT_KEYS[name]
    place = origin(host)
    if not place or place != origin(url):
        raise InvalidSetting(
            f"The key {name} is not for this address.",
            field="key_name",
            cure=f"It belongs to {place or host} alone.",
        )
    return str(key)
