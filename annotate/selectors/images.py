"""Pictures of prompts and candidates: where they lie, and what a reader sees of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from annotate.models import Candidate, Image, Item, Project
from annotate.readers.pictures import SUFFIXES
from annotate.readers.rows import Defect, ImageRow, ItemRow
from annotate.rendering.redaction import redact_identity


@dataclass(frozen=True, slots=True)
class ShownImage:
    """A picture as a judge meets it: no file name, which may name who made it. Either ``digest``, of a file
    that we serve, or ``url``; neither where its host is trusted no more, and its words alone are left."""

    alt: str
    digest: str = ""
    url: str = ""
    width: int | None = None
    height: int | None = None


def image_path(digest: str, content_type: str) -> Path:
    name = f"{digest}.{SUFFIXES[content_type]}"
    return Path(settings.WINNOW_HOME) / "images" / digest[:2] / name


def image_of(*, project: Project, digest: str) -> Image | None:
    return project.images.filter(digest=digest).order_by("pk").first()


def may_show(source: str) -> bool:
    """Whether the address is HTTPS at a host the site trusts, without a name, password or port of its own."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.netloc.lower() in settings.WINNOW_IMAGE_HOSTS


def shown_images(owner: Item | Candidate) -> tuple[ShownImage, ...]:
    return tuple(_shown(one) for one in owner.images)


def _shown(one: dict[str, Any]) -> ShownImage:
    alt = redact_identity(str(one.get("alt", ""))).text
    if "digest" in one:
        return ShownImage(alt, one["digest"], "", one["width"], one["height"])
    url = str(one.get("url", ""))
    return ShownImage(alt, url=url if may_show(url) else "")


def known_images(project: Project, rows: Sequence[ItemRow]) -> dict[str, Image]:
    """The uploaded pictures that the rows name, by name."""
    names = {image.name for row in rows for _field, image in _images_in(row) if image.name}
    return {image.name: image for image in project.images.filter(name__in=names)} if names else {}


def missing_image(row: ItemRow, known: dict[str, Image]) -> Defect | None:
    """The first picture of the row that could not be shown, with its line, field and cure."""
    for field, image in _images_in(row):
        wrong = _wrong(image, known)
        if wrong is not None:
            return Defect(row.line, row.line, row.record, field, *wrong)
    return None


def _images_in(row: ItemRow) -> Iterator[tuple[str, ImageRow]]:
    """Every picture that the row names, with the place of its name."""
    owners = [("", row.images), *((f"candidates[{n}].", one.images) for n, one in enumerate(row.candidates))]
    for owner, images in owners:
        for number, image in enumerate(images):
            yield f"{owner}images[{number}]", image


def _wrong(image: ImageRow, known: dict[str, Image]) -> tuple[str, str, str] | None:
    if image.name and image.name not in known:
        return "no_image", "No picture of this name was uploaded.", "Upload it to the project's images first."
    if image.url and not may_show(image.url):
        cure = "Upload the picture, or let the site's admin name the host in WINNOW_IMAGE_HOSTS."
        return "image_host", "Pictures of this host are not shown here.", cure
    return None


def kept_images(images: Sequence[ImageRow], known: dict[str, Image]) -> list[dict[str, Any]]:
    """What is stored with its owner: enough to show it without asking for anything else."""
    return [_kept(one, known.get(one.name)) for one in images]


def _kept(row: ImageRow, image: Image | None) -> dict[str, Any]:
    if image is None:
        return {"url": row.url, "alt": row.alt}
    size = {"width": image.width, "height": image.height}
    return {"name": image.name, "digest": image.digest, "alt": row.alt} | size
