"""Pictures of candidates: kept under the digest of what we wrote, never under a name that somebody sent."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from annotate.errors import InvalidSetting
from annotate.models import Image, Project
from annotate.readers.images import LONGEST_NAME
from annotate.readers.pictures import Picture, PictureRefused, read_picture
from annotate.selectors.images import image_path


def keep_image(*, project: Project, name: str, data: bytes, by: User | None = None) -> Image:
    """Keep the picture under its name; the same file under the same name is kept once.

    Raises InvalidSetting for what is no picture, and for a name that another picture has.
    """
    name = clean_name(name)
    sent = hashlib.sha256(data).hexdigest()
    known = project.images.filter(name=name).first()
    if known is not None:
        return _same(known, sent)
    try:
        picture = read_picture(data)
    except PictureRefused as refusal:
        raise InvalidSetting(f"{name}: {refusal.message}", field="pictures", cure=refusal.cure) from refusal
    _write(image_path(picture.digest, picture.content_type), picture)
    try:
        with transaction.atomic():
            return Image.objects.create(
                project=project,
                name=name,
                digest=picture.digest,
                sent_digest=sent,
                content_type=picture.content_type,
                width=picture.width,
                height=picture.height,
                size=len(picture.data),
                by=by,
            )
    except IntegrityError:
        # Sent twice at once: whoever was first named it.
        return _same(project.images.get(name=name), sent)


def clean_name(name: str) -> str:
    """The last part of what the client calls its file, as rows of an import may say it."""
    kept = "".join(one for one in name.replace("\\", "/").rpartition("/")[2] if one.isprintable()).strip()
    if not kept or len(kept) > LONGEST_NAME:
        raise InvalidSetting(
            "A picture needs a name.",
            field="pictures",
            cure=f"Name the file with 1 to {LONGEST_NAME} characters.",
        )
    return kept


def _same(known: Image, sent: str) -> Image:
    if known.sent_digest != sent:
        raise InvalidSetting(
            f"{known.name}: another picture has this name, and may have been judged already.",
            field="pictures",
            cure="Send it under another name.",
        )
    return known


def _write(path: Path, picture: Picture) -> None:
    """Write the file whole or not at all, for its owner's eyes; one that is there is the same."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{uuid.uuid4().hex}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(picture.data)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
