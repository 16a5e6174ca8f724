"""Recipes as plain values and as YAML: read strictly, written canonically."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from curation.numerics.recipes.binarise import NAME as BINARISE
from curation.numerics.recipes.engine import Step, plain
from curation.numerics.recipes.errors import RecipeError
from curation.numerics.recipes.registry import STEPS

POOLS = ("people_first", "people", "models", "together")
HEAD = ("name", "pool", "method", "question", "steps")
Lines = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RecipeText:
    """A whole recipe as YAML has it. ``pool``: whose judgments; ``method``: how they were settled;
    ``question``: the preference that the pairs are about, empty for the one that the project settles by."""

    name: str
    pool: str
    method: str
    steps: tuple[Step, ...]
    question: str = ""


def steps_from_dicts(given: Any, *, lines: Lines | None = None) -> tuple[Step, ...]:
    """Read steps as they are stored. Raises RecipeError with the field as a path, such as
    ``steps[1].top_percent``, and its line where there is one."""
    try:
        return _steps(given)
    except RecipeError as error:
        if not lines:
            raise
        field = error.field
        while field and field not in lines:
            field = field[: max(field.rfind("."), field.rfind("["), 0)]
        raise RecipeError(
            error.message, field=error.field, cure=error.cure, line=lines.get(field, 1)
        ) from error


def steps_to_dicts(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Steps with every setting, as JSON has them."""
    return [{"step": step.name} | plain(step.values) for step in steps]


def recipe_from_yaml(text: str) -> RecipeText:
    """Read a recipe file: either a list of steps, or an object with ``steps`` and, if wanted, ``name``,
    ``pool``, ``method`` and ``question``. Raises RecipeError with the line."""
    try:
        _refuse_aliases(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        given = _value(node)
    except yaml.YAMLError as trouble:
        mark = getattr(trouble, "problem_mark", None)
        raise RecipeError(
            f"This is not YAML: {getattr(trouble, 'problem', None) or 'it cannot be read'}.",
            field="recipe", cure="Check the indentation and the colons.", line=mark.line + 1 if mark else 1,
        ) from trouble  # fmt: skip
    lines: dict[str, int] = {}
    _note_lines(node, "", lines)
    if isinstance(given, list):
        shifted = {f"steps{path}": line for path, line in lines.items()}
        return RecipeText("", POOLS[0], "", steps_from_dicts(given, lines=shifted | {"steps": 1}))
    if not isinstance(given, Mapping):
        raise RecipeError("A recipe is a list of steps.", field="steps", cure="Begin with - step: …", line=1)
    for key in given:
        if key not in HEAD:
            raise RecipeError(
                "A recipe has no such field.", field=str(key), cure=f"It knows {', '.join(HEAD)}.",
                line=lines.get(str(key), 1),
            )  # fmt: skip
    pool = given.get("pool", POOLS[0])
    if pool not in POOLS:
        raise RecipeError(
            f"There is no pool {pool!r}.", field="pool", cure=f"Choose one of {', '.join(POOLS)}.",
            line=lines.get("pool", 1),
        )  # fmt: skip
    for key in ("name", "method", "question"):
        if not isinstance(given.get(key, ""), str):
            raise RecipeError("This is not a text.", field=key, cure="Put it in quotes.", line=lines[key])
    steps = steps_from_dicts(given.get("steps"), lines=lines | {"": 1})
    return RecipeText(given.get("name", ""), pool, given.get("method", ""), steps, given.get("question", ""))


def recipe_to_yaml(recipe: RecipeText) -> str:
    """The recipe as a file that :func:`recipe_from_yaml` reads back; the same recipe, the same text."""
    whole: dict[str, Any] = {"name": recipe.name, "pool": recipe.pool}
    if recipe.method:
        whole["method"] = recipe.method
    if recipe.question:
        whole["question"] = recipe.question
    whole["steps"] = steps_to_dicts(recipe.steps)
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=100)


def _steps(given: Any) -> tuple[Step, ...]:
    if not isinstance(given, list | tuple):
        raise RecipeError(
            "A recipe is a list of steps.", field="steps", cure='Write [{"step": "drop_undecided"}].'
        )
    steps = tuple(_step(one, f"steps[{place}]") for place, one in enumerate(given))
    for place, step in enumerate(steps):
        if step.name == BINARISE and place:
            raise RecipeError(
                "Pairs are made before they are chosen from.", field=f"steps[{place}].step",
                cure="Put binarise first, and once.",
            )  # fmt: skip
    return steps


def _step(given: Any, where: str) -> Step:
    if not isinstance(given, Mapping):
        raise RecipeError("A step is an object.", field=where, cure='Write {"step": "drop_duplicates"}.')
    name = given.get("step")
    if not isinstance(name, str) or name not in STEPS:
        raise RecipeError(
            f"There is no step {name!r}.", field=f"{where}.step",
            cure=f"Choose one of {', '.join(sorted(STEPS))}.",
        )  # fmt: skip
    kind = STEPS[name]
    known = {setting.name: setting for setting in kind.settings}
    for key in given:
        if key != "step" and key not in known:
            cure = f"It knows {', '.join(known)}." if known else "Leave it out: the step has no settings."
            raise RecipeError(f"{name} has no such setting.", field=f"{where}.{key}", cure=cure)
    values = {
        name: setting.read(given.get(name, setting.default), f"{where}.{name}")
        for name, setting in known.items()
    }
    return Step(kind, values)


def _refuse_aliases(text: str) -> None:
    """A few lines of them stand for more than any memory holds, and a recipe needs none."""
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AliasToken):
            raise RecipeError(
                "A recipe has no references.", field="recipe", cure="Write the value out.",
                line=token.start_mark.line + 1,
            )  # fmt: skip


def _value(node: yaml.Node | None) -> Any:
    """The plain value of a node; a key that comes twice is refused, for the first would be lost unseen."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, _inner in node.value:
            if key.value in seen:
                raise RecipeError(
                    "This key comes twice.", field=str(key.value), cure="Keep one of them.",
                    line=key.start_mark.line + 1,
                )  # fmt: skip
            seen.add(key.value)
        return {str(key.value): _value(inner) for key, inner in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(inner) for inner in node.value]
    if node is None:
        return None
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    finally:
        loader.dispose()


def _note_lines(node: yaml.Node | None, path: str, lines: dict[str, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, inner in node.value:
            place = f"{path}.{key.value}" if path else str(key.value)
            lines[place] = key.start_mark.line + 1
            _note_lines(inner, place, lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, inner in enumerate(node.value):
            lines[f"{path}[{number}]"] = inner.start_mark.line + 1
            _note_lines(inner, f"{path}[{number}]", lines)
