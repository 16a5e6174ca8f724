"""Secrets that lie in the database: sealed with a key that does not.

Fernet (AES-128-CBC with HMAC-SHA256) under keys that HKDF makes of WINNOW_TOKEN_KEYS, so that no key serves
two ends. The first seals; all of them open, which is how a key is changed for another.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"winnow: tokens in the database"


class CannotOpen(Exception):
    """Sealed with a key that this program does not have, damaged, or sealed for another place."""


def seal(secret: str, *, about: Mapping[str, str]) -> str:
    """The secret, sealed together with what it is for: elsewhere it does not open."""
    plain = json.dumps({"secret": secret, "about": dict(about)}, sort_keys=True)
    return _keys().encrypt(plain.encode()).decode()


def unseal(sealed: str, *, about: Mapping[str, str]) -> str:
    """Raises CannotOpen."""
    try:
        found = json.loads(_keys().decrypt(sealed.encode()))
    except InvalidToken as trouble:
        raise CannotOpen from trouble
    if found["about"] != dict(about):
        raise CannotOpen
    return str(found["secret"])


def sealed_anew(sealed: str) -> str:
    """The same under the first key. Raises CannotOpen."""
    try:
        return _keys().rotate(sealed.encode()).decode()
    except InvalidToken as trouble:
        raise CannotOpen from trouble


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in settings.WINNOW_TOKEN_KEYS])


def _derived(key: str) -> bytes:
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(made)
