"""A picture that somebody sent, as one that may be kept: decoded, and written anew from its pixels alone.

Whatever else was in the file (a place where a photograph was taken, a thumbnail, markup behind the last
chunk) does not come through, and a file that no decoder of ours reads does not come in.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

MAX_BYTES = 20 << 20
MAX_PIXELS = 32_000_000
# The formats that are read, and nothing else: no vectors, no plug-in of another package.
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
# Deep modes have no eight bits a channel to be shown with.
MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK"})
# A JPEG with a second picture behind the first, as telephones write for bright screens: the first is read.
WITH_MORE_BEHIND = "MPO"


class PictureRefused(Exception):
    """The file is no picture that may be kept; ``cure`` says what to send instead."""

    def __init__(self, message: str, *, cure: str) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Picture:
    """``data`` was written by us; ``digest`` is its SHA-256 in hexadecimal. Sizes are in pixels."""

    data: bytes
    content_type: str
    width: int
    height: int
    digest: str


def read_picture(data: bytes) -> Picture:
    """Decode and write anew. PNG and WebP keep every pixel, JPEG is written at quality 95 with all its
    colours; the turn that a camera noted is carried out, and other colour profiles become sRGB.

    Raises PictureRefused for what is too large in bytes or pixels, moves, or is no PNG, JPEG or WebP. The
    size in pixels is read from the head of the file, before anything of it is unpacked.
    """
    if len(data) > MAX_BYTES:
        raise PictureRefused("The picture is too large.", cure=f"Send at most {MAX_BYTES >> 20} MiB.")
    try:
        with warnings.catch_warnings():
            # What Pillow only warns of, a bomb just below its own limit, is over ours as well.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=tuple(TYPES)) as opened:
                _refuse_by_head(opened)
                kind = "JPEG" if opened.format == WITH_MORE_BEHIND else str(opened.format)
                return _written(_plain(opened), kind)
    except PictureRefused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as trouble:
        raise _too_many_pixels() from trouble
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        MemoryError,
        OverflowError,
        ImageCms.PyCMSError,
    ) as trouble:
        raise PictureRefused(
            "This is no picture that can be read.", cure="Send a PNG, JPEG or WebP file."
        ) from trouble


def _too_many_pixels() -> PictureRefused:
    return PictureRefused(
        "The picture has too many pixels.", cure=f"Send at most {MAX_PIXELS // 1_000_000} million."
    )


def _refuse_by_head(opened: Image.Image) -> None:
    if opened.width * opened.height > MAX_PIXELS:
        raise _too_many_pixels()
    if opened.format != WITH_MORE_BEHIND and getattr(opened, "n_frames", 1) > 1:
        raise PictureRefused("The picture moves.", cure="Send one frame of it.")
    if opened.mode not in MODES:
        raise PictureRefused(
            f"Pictures of the mode {opened.mode} cannot be shown.", cure="Save it with 8 bits a channel."
        )


def _plain(opened: Image.Image) -> Image.Image:
    """The pixels alone, as RGB or RGBA in sRGB."""
    turned = ImageOps.exif_transpose(opened)
    sees_through = turned.has_transparency_data
    profile = opened.info.get("icc_profile")
    if profile and turned.mode in ("RGB", "RGBA", "CMYK"):
        given, wanted = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(
            turned, given, wanted, outputMode="RGBA" if sees_through else "RGB"
        )
        assert converted is not None, "only None where it works in place"
        turned = converted
    pixels = turned.convert("RGBA" if sees_through else "RGB")
    # A picture made of bytes carries nothing over from the file.
    return Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())


def _written(pixels: Image.Image, kind: str) -> Picture:
    out = BytesIO()
    if kind == "JPEG":
        pixels.save(out, "JPEG", quality=95, subsampling=0, optimize=True)
    elif kind == "WEBP":
        pixels.save(out, "WEBP", lossless=True, exact=True, method=2)
    else:
        pixels.save(out, "PNG", compress_level=6)
    data = out.getvalue()
    return Picture(data, TYPES[kind], pixels.width, pixels.height, hashlib.sha256(data).hexdigest())
