"""What changed between two versions of a text, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, NEW, SKIPPED = "same", "gone", "new", "skipped"
# Lines around a change that are shown with it.
AROUND = 2
# Comparing costs the square of the lines; longer texts are shown as gone and new.
MOST_LINES = 2000


@dataclass(frozen=True, slots=True)
class Line:
    kind: str
    text: str


def line_differences(before: str, after: str) -> list[Line]:
    """The changed lines with a few around them; a stretch left out is one line of the kind "skipped"."""
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MOST_LINES:
        return [Line(GONE, text) for text in old] + [Line(NEW, text) for text in new]
    shown: list[Line] = []
    reached = 0
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND):
        if group[0][1] > reached:
            shown.append(Line(SKIPPED, ""))
        for kind, first, last, start, end in group:
            if kind == "equal":
                shown += [Line(SAME, text) for text in old[first:last]]
            else:
                shown += [Line(GONE, text) for text in old[first:last]]
                shown += [Line(NEW, text) for text in new[start:end]]
        reached = group[-1][2]
    return shown + ([Line(SKIPPED, "")] if shown and reached < len(old) else [])
