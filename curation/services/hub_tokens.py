"""A lead's own token for a hub: kept sealed, opened by the worker that sends a release, never shown again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from annotate.errors import InvalidSetting
from curation.models import HubToken
from curation.sealing import CannotOpen, seal, sealed_anew, unseal

# What a header can carry. Of a shorter one, four letters would be a good part.
TOKEN = re.compile(r"[\x21-\x7e]{20,500}")
AGAIN = "Type it on the page of the release; it is kept sealed."


@dataclass(frozen=True, slots=True)
class KeptToken:
    """What may be told of a token: its last four letters, since when, and whether it can be used now."""

    ending: str
    kept_at: datetime
    opens: bool


@sensitive_variables("token")
def keep_hub_token(*, user: User, token: str) -> HubToken:
    """Keep the person's token in place of any other. Raises InvalidSetting, without the token in it."""
    token = token.strip()
    if not TOKEN.fullmatch(token):
        raise InvalidSetting(
            "That is no token.", field="token",
            cure="Paste it whole: 20 letters or more, without a space.",
        )  # fmt: skip
    hub = hub_endpoint()
    kept, _created = HubToken.objects.update_or_create(
        user=user,
        defaults={
            "hub": hub,
            "sealed": seal(token, about=_about(user.pk, hub)),
            "ending": token[-4:],
            "kept_at": timezone.now(),
        },
    )
    return kept


def forget_hub_token(*, user: User) -> bool:
    """Remove it; tells whether there was one."""
    return bool(HubToken.objects.filter(user=user).delete()[0])


def kept_token(user: User) -> KeptToken | None:
    kept = HubToken.objects.filter(user=user).first()
    return KeptToken(kept.ending, kept.kept_at, _opens(kept)) if kept else None


@sensitive_variables()
def opened_hub_token(*, user_id: int) -> str:
    """The token, for the hub that this process knows. Raises InvalidSetting, without a letter of it: whoever
    reads a job may read its refusal."""
    kept = HubToken.objects.select_related("user").filter(user_id=user_id).first()
    if kept is None:
        raise InvalidSetting(
            "A hub wants a token, and none is kept of who asked for this.", field="token", cure=AGAIN
        )
    whose = kept.user.get_username()
    if kept.hub != hub_endpoint():
        raise InvalidSetting(
            f"The token of {whose} was kept for {kept.hub} and goes nowhere else.", field="token", cure=AGAIN
        )
    try:
        return unseal(kept.sealed, about=_about(user_id, kept.hub))
    except CannotOpen as trouble:
        raise InvalidSetting(
            f"The token of {whose} can no longer be opened: the key that sealed it was changed.",
            field="token", cure=AGAIN,
        ) from trouble  # fmt: skip


def seal_tokens_anew() -> tuple[int, int]:
    """Put all of them under the first key; how many that was, and how many no key opens."""
    done = lost = 0
    for kept in HubToken.objects.order_by("pk").iterator():
        try:
            fresh = sealed_anew(kept.sealed)
        except CannotOpen:
            lost += 1
            continue
        # Nobody's newer token is overwritten.
        done += HubToken.objects.filter(pk=kept.pk, sealed=kept.sealed).update(sealed=fresh)
    return done, lost


def hub_endpoint() -> str:
    if settings.WINNOW_HUB_ENDPOINT:
        return str(settings.WINNOW_HUB_ENDPOINT)
    from huggingface_hub.constants import ENDPOINT

    return str(ENDPOINT)


def _opens(kept: HubToken) -> bool:
    try:
        opened_hub_token(user_id=kept.user_id)
    except InvalidSetting:
        return False
    return True


def _about(user_id: int, hub: str) -> dict[str, str]:
    return {"user": str(user_id), "hub": hub}
