"""Sentences that code says, read off its source: what it asks the catalogue for, and what it refuses with."""

from __future__ import annotations

import ast
from pathlib import Path

from annotate.readers.faults import CURES

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    path
    for package in ("annotate", "config", "curation", "workers")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
# What is raised with a sentence for a person, on a page or in a job's result.
REFUSALS = {
    *("EndpointNonsense", "EndpointUnavailable", "FileRefused", "FolderTaken", "FormatError", "GateClosed"),
    *("ImportRefused", "InvalidAnswer", "InvalidSetting", "JudgeStopped", "KeyReused", "LeaseLost", "Lost"),
    *("MissingPackage", "ModelRefused", "NothingToDo", "NothingToRelease", "PictureRefused", "RecipeError"),
    *("Refused", "RowFault", "RuleError", "SpendCapReached", "StaleEdit", "TooFewPairs", "TooLittle"),
    *("BadSpec", "UnlikelyAnswer", "refuse", "refusal"),
}


def called(node):
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def calls(path, names):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node) in names]


def shapes(node):
    """What an expression may say: an f-string with {0}, {1} … for its gaps, and both arms of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return shapes(node.body) + shapes(node.orelse)
    if isinstance(node, ast.JoinedStr):
        gaps = iter(range(len(node.values)))
        parts = [
            part.value if isinstance(part, ast.Constant) else f"{{{next(gaps)}}}" for part in node.values
        ]
        return ["".join(parts)]
    return []


def marked(path):
    """What a file asks the catalogue for by name."""
    return {shape for call in calls(path, MARKS) for one in call.args[:1] for shape in shapes(one)}


def refused(path):
    """What a file refuses with, and the cures it names."""
    if path.is_relative_to(ROOT / "config"):
        return set()  # Said to whoever runs the commands.
    said = [ast.Constant(words) for words in CURES.values()] if path.name == "faults.py" else []
    for call in calls(path, REFUSALS):
        # The code of a fault comes before its sentence, and is one word.
        said += call.args[:2] + [one.value for one in call.keywords if one.arg == "cure"]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        # The cure that an error brings along.
        if isinstance(node, ast.Assign) and [getattr(one, "id", "") for one in node.targets] == ["cure"]:
            said.append(node.value)
    return {shape for one in said for shape in shapes(one) if " " in shape}
