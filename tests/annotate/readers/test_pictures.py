"""Only pixels come in: hostile files are refused, and what hides beside the pixels is left behind."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from annotate.readers.pictures import MAX_BYTES, MAX_PIXELS, PictureRefused, read_picture

SCRIPT = b"<script>alert(document.domain)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


def encoded(kind, *, mode="RGB", size=(6, 4), **options):
    out = BytesIO()
    Image.radial_gradient("L").resize(size).convert(mode).save(out, kind, **options)
    return out.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width, height):
    """A PNG of a few hundred kilobytes that claims, and unpacks to, a picture of this size."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(1 + width)) for _row in range(min(height, 2000))) + rows.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_every_pixel_of_a_lossless_picture_is_kept(kind, mode):
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    sent = encoded(kind, mode=mode, **options)

    kept = read_picture(sent)

    with Image.open(BytesIO(kept.data)) as now, Image.open(BytesIO(sent)) as before:
        assert now.format == kind
        assert now.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()
        assert (kept.width, kept.height) == before.size


def test_the_same_picture_has_the_same_digest_whatever_was_written_beside_it():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SCRIPT.decode())

    assert read_picture(encoded("PNG", pnginfo=notes)).digest == read_picture(encoded("PNG")).digest


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_markup_behind_a_picture_does_not_come_in(kind):
    kept = read_picture(encoded(kind) + SCRIPT + SVG)

    assert b"<s" not in kept.data


def test_where_a_photograph_was_taken_is_forgotten_and_its_turn_is_carried_out():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "at home"
    exif.get_ifd(0x8825)[1] = "N"

    kept = read_picture(encoded("JPEG", size=(20, 10), exif=exif))

    assert (kept.width, kept.height) == (10, 20)
    assert b"Exif" not in kept.data
    assert b"at home" not in kept.data


def test_a_colour_profile_is_carried_out_and_left_behind():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    kept = read_picture(encoded("PNG", icc_profile=profile))

    assert b"iCCP" not in kept.data
    assert kept.content_type == "image/png"


@pytest.mark.parametrize(
    "sent",
    [
        SVG,
        b"<?xml version='1.0'?>" + SVG,
        b"<!doctype html>" + SCRIPT,
        b"GIF89a/*" + SCRIPT + b"*/=1;",
        b"%PDF-1.7\n" + SCRIPT,
        b"\x89PNG\r\n\x1a\n" + SCRIPT,
        b"\xff\xd8\xff\xe0" + SCRIPT,
        b"RIFF\x24\0\0\0WEBPVP8 " + SCRIPT,
        b"",
        b"\0" * 64,
        encoded("PNG")[:60],
        encoded("JPEG")[:120],
    ],
    ids=["svg", "xml", "html", "gif", "pdf", "png head", "jpeg head", "webp head", "empty", "zeros",
         "cut png", "cut jpeg"],
)  # fmt: skip
def test_what_is_no_picture_of_ours_is_refused(sent):
    with pytest.raises(PictureRefused) as refused:
        read_picture(sent)

    assert refused.value.cure == "Send a PNG, JPEG or WebP file."


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM"])
def test_formats_that_we_do_not_read_are_refused_although_the_library_could(kind):
    with pytest.raises(PictureRefused):
        read_picture(encoded(kind))


@pytest.mark.parametrize("size", [(8_000, MAX_PIXELS // 8_000 + 1), (20_000, 20_000), (60_000, 60_000)])
def test_a_bomb_is_refused_by_its_head_before_it_is_unpacked(size):
    sent = bomb(*size)
    assert len(sent) < 200_000

    with pytest.raises(PictureRefused, match="too many pixels"):
        read_picture(sent)


def test_a_file_that_is_too_large_is_not_even_opened():
    with pytest.raises(PictureRefused, match="too large"):
        read_picture(encoded("PNG") + bytes(MAX_BYTES))


def test_a_picture_that_moves_is_refused():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    out = BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)

    with pytest.raises(PictureRefused, match="moves"):
        read_picture(out.getvalue())
