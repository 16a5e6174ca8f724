"""Bytes of a file, unpacked where it is gzip, as bounded pieces of its lines."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from annotate.readers.faults import refuse
from annotate.readers.limits import Limits

BLOCK = 1 << 18
HEAD = 512  # bytes that must be there before the kind of file is decided
GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
_KEPT_OF_LONG_LINE = 4096
_WIDE = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"PK\x07\x08", "a split zip archive"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\0", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ARROW1", "an Arrow file"),
    (b"ORC\x01", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"GGUF", "model weights"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_MARKUP = re.compile(rb"\s*<[!?a-zA-Z]")


class Piece(NamedTuple):
    """Part of a line, without its LF; `ends_line` says that nothing of the line follows."""

    line: int
    data: bytes
    ends_line: bool


class Line(NamedTuple):
    """A line; of one that is too long only its first bytes are there."""

    number: int
    data: bytes
    too_long: bool


def open_blocks(path: Path, *, limits: Limits) -> Iterator[bytes]:
    """Blocks of the text, without a byte order mark. What is not text is refused by its content."""
    blocks = _text_blocks(path, limits)
    first = next(blocks, b"")
    while len(first) < HEAD and (more := next(blocks, b"")):
        first += more
    if first.startswith(GZIP):
        raise refuse("bad_gzip", "the file was compressed with gzip twice")
    _refuse_disguise(first)
    _refuse_wide(first)
    yield first.removeprefix(BOM)
    seen = len(first)
    for block in blocks:
        seen += len(block)
        if seen > limits.max_bytes:
            raise refuse("too_big", f"the text is longer than {limits.max_bytes >> 20:,} MiB")
        yield block


def _text_blocks(path: Path, limits: Limits) -> Iterator[bytes]:
    if not path.is_file():
        raise refuse("unsupported_type", "this is not a regular file")
    with path.open("rb") as file:
        packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        if packed:
            yield from _gunzip(file, limits)
        else:
            while block := file.read(BLOCK):
                yield block


def _gunzip(file: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """Unpack member after member; stop at the limits while reading, not afterwards."""
    member, used, made, waiting = zlib.decompressobj(31), 0, 0, b""
    while True:
        if not waiting:
            waiting = file.read(BLOCK)
            if not waiting:
                break
        if member.eof:
            # Zero padding between and after members is common on tapes and in some clouds.
            waiting = waiting.lstrip(b"\0")
            if not waiting:
                continue
            member = zlib.decompressobj(31)
        try:
            block = member.decompress(waiting, BLOCK)
        except zlib.error:
            raise refuse("bad_gzip", "the compressed data are damaged") from None
        rest = member.unused_data if member.eof else member.unconsumed_tail
        used, made, waiting = used + len(waiting) - len(rest), made + len(block), rest
        if made > limits.expand_floor and made > used * limits.max_expand_ratio:
            raise refuse("too_big", f"the file unpacks to more than {limits.max_expand_ratio} times its size")
        if block:
            yield block
    if not member.eof:
        raise refuse("bad_gzip", "the compressed data end too early")


def _refuse_disguise(head: bytes) -> None:
    """Decide by content, never by name, whether this can be text with rows."""
    if head.startswith((b"PAR1", b"PARE")):
        what = "this is a Parquet file inside gzip"
        raise refuse("unsupported_type", what, cure="Unpack it: Parquet is compressed already.")
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise refuse("unsupported_type", f"this is {what}")
    if _PICKLE.match(head):
        raise refuse("unsupported_type", "this is a Python pickle, which is never opened")
    if _MARKUP.match(head.removeprefix(BOM)):
        raise refuse("unsupported_type", "this is a web page, an image or an XML document")


def _refuse_wide(head: bytes) -> None:
    if head[:64].strip(b"\0") == b"" and head:
        raise refuse("unsupported_type", "the file begins with nothing but zero bytes")
    name = next((name for mark, name in _WIDE if head.startswith(mark)), None)
    if name is None and len(head) >= 4 and head[:4].count(0) >= 2:
        name = "UTF-16 or UTF-32"
    if name is not None:
        raise refuse("bad_utf8", f"the file is {name}, not UTF-8", line=1, cure="Save the file as UTF-8.")


def pieces(blocks: Iterator[bytes]) -> Iterator[Piece]:
    """Split at LF only: U+2028, U+0085, form feeds and carriage returns stay inside their line."""
    line, open_line = 1, False
    for block in blocks:
        *whole, last = block.split(b"\n")
        for data in whole:
            yield Piece(line, data, ends_line=True)
            line, open_line = line + 1, False
        if last:
            yield Piece(line, last, ends_line=False)
            open_line = True
    if open_line:
        yield Piece(line, b"", ends_line=True)


def lines(blocks: Iterator[bytes], *, limits: Limits) -> Iterator[Line]:
    """Lines that hold more than white space. One over the limit is skipped without being held, and marked."""
    number, held, size = 1, b"", 0
    most = limits.max_line_bytes
    for block in blocks:
        *whole, last = block.split(b"\n")
        for part in whole:
            if size:
                part, size = (held + part)[:most], size + len(part)
            else:
                size = len(part)
            if size > most:
                yield Line(number, part[:_KEPT_OF_LONG_LINE], too_long=True)
            elif part and not part.isspace():
                yield Line(number, part, too_long=False)
            number, held, size = number + 1, b"", 0
        size += len(last)
        held = held + last if size <= most else (held or last)[:_KEPT_OF_LONG_LINE]
    if size > most:
        yield Line(number, held, too_long=True)
    elif held and not held.isspace():
        yield Line(number, held, too_long=False)
