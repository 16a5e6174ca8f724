"""The elements of a file that is one JSON array, one after another: other tools export so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from annotate.readers.faults import refuse
from annotate.readers.limits import Limits
from annotate.readers.lines import Line
from annotate.readers.rows import FileRefused

_MARK = re.compile(rb'[\[\]{}"\\,]')
_OPEN, _CLOSE = b"[{", b"]}"


class _Splitter:
    """Follows depth and strings over blocks; what stands between commas at depth one is an element."""

    def __init__(self, limits: Limits) -> None:
        self.most = limits.max_line_bytes
        self.depth = 0
        self.closed = False
        self.in_string = False
        self.skip = False
        self.escaped_at = -1
        self.line = 1
        self.begun_on = 1
        self.held = bytearray()
        self.size = 0

    def feed(self, block: bytes) -> Iterator[Line]:
        place = 0
        for mark in _MARK.finditer(block):
            at = mark.start()
            if self.skip:
                # The character after a backslash; a mark further on is none of its business.
                self.skip = False
                if at == self.escaped_at:
                    continue
            byte = block[at : at + 1]
            if self.in_string:
                if byte == b"\\":
                    self.skip, self.escaped_at = True, at + 1
                elif byte == b'"':
                    self.in_string = False
            elif byte == b'"':
                self.in_string = True
            elif byte in _OPEN:
                if self.closed:
                    raise self._after_the_end()
                self.depth += 1
                if self.depth == 1:
                    self._pass(block[place : at + 1])
                    self._begin()
                    place = at + 1
            elif byte in _CLOSE or (byte == b"," and self.depth == 1):
                if self.depth == 1:
                    yield from self._end(block[place:at])
                    self._pass(byte)
                    place = at + 1
                self.depth -= byte in _CLOSE
                self.closed = self.depth == 0
        self.skip = self.skip and self.escaped_at >= len(block)
        self.escaped_at -= len(block)
        self._keep(block[place:])

    def finish(self) -> None:
        if self.depth > 0:
            raise refuse("bad_json", "the array is never closed", line=self.begun_on)
        if self.held.strip():
            raise self._after_the_end()

    def _after_the_end(self) -> FileRefused:
        return refuse("bad_json", "something follows the end of the array", line=self.line)

    def _begin(self) -> None:
        self.held.clear()
        self.size, self.begun_on = 0, self.line

    def _pass(self, data: bytes) -> None:
        self.line += data.count(b"\n")

    def _keep(self, data: bytes) -> None:
        if not self.held:
            blank = len(data) - len(data.lstrip())
            self._pass(data[:blank])
            data = data[blank:]
            self.begun_on = self.line
        self._pass(data)
        self.size += len(data)
        self.held += data[: max(0, self.most - len(self.held))]

    def _end(self, data: bytes) -> Iterator[Line]:
        self._keep(data)
        if self.held.strip():
            yield Line(self.begun_on, bytes(self.held), too_long=self.size > self.most)
        self._begin()


def array_elements(blocks: Iterator[bytes], *, limits: Limits) -> Iterator[Line]:
    """Each element with the line it begins on; one over the limit is cut and marked."""
    splitter = _Splitter(limits)
    for block in blocks:
        yield from splitter.feed(block)
    splitter.finish()
