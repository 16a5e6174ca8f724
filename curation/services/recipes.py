"""Recipes: kept in versions, read strictly, previewed over the table of settled pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from annotate.errors import InvalidSetting, StaleEdit
from annotate.models import Project
from annotate.selectors.items import items_with
from annotate.selectors.questions import compares_responses, questionnaire_of, settle_rules_of
from curation.enums import Pool
from curation.models import Recipe, RecipeVersion
from curation.selectors.tables import TableSource
from curation.services.tables import check_question, columns_of, make_table, source_of, table_folder

if TYPE_CHECKING:
    from pathlib import Path

    from curation.numerics.recipes import Columns, Outcome, RecipeText, Selection, Step

DEFAULT_STEPS: tuple[dict[str, Any], ...] = (
    {"step": "drop_undecided"},
    {"step": "drop_alike", "top_percent": 10},
    {"step": "drop_duplicates"},
)


def default_steps(project: Project) -> list[dict[str, Any]]:
    """The steps a recipe begins with. Where more than two responses are put in an order, every two of them
    that the judges told apart are a pair of its own."""
    questionnaire = questionnaire_of(project)
    spec = settle_rules_of(project, questionnaire).verdict_spec(questionnaire)
    lists = spec is not None and spec.kind != "preference" and items_with(project, candidates=3).exists()
    pairs = [{"step": "binarise", "strategy": "question", "question": spec.key}] if spec and lists else []
    if pairs or compares_responses(project):
        return [*pairs, *DEFAULT_STEPS]
    # Responses that are judged by themselves prefer no side, and are what such a project is about.
    return [{"step": "drop_undecided", "keep_ties": True, "keep_undecided": True}, *DEFAULT_STEPS[1:]]


# Above this many settled pairs a page never reads them itself: a worker prepares the table.
INLINE = 5000


@dataclass(frozen=True, slots=True)
class Preview:
    """What a recipe would keep of ``pairs`` settled pairs, step by step, and where the table lies."""

    pairs: int
    kept: int
    outcomes: tuple[Outcome, ...]
    selection: Selection
    columns: Columns
    folder: Path


@transaction.atomic
def save_recipe(
    *,
    project: Project,
    name: str,
    steps: Sequence[Mapping[str, Any]],
    pool: str = Pool.PEOPLE_FIRST,
    method: str = "",
    question: str = "",
    expected_version: int | None = None,
    by: User | None = None,
) -> Recipe:
    """Keep a recipe under its name: a change makes a new version, the same steps again make none.

    Raises InvalidSetting with the step's field, or StaleEdit when the recipe changed since
    ``expected_version`` was read.
    """
    plain = steps_to_dicts(read_steps(steps))
    if pool not in Pool.values:
        raise InvalidSetting(
            "There is no such pool.", field="pool", cure=f"Choose one of {', '.join(Pool.values)}."
        )
    check_question(project, question)
    if not name.strip():
        raise InvalidSetting("A recipe needs a name.", field="name", cure="Give it one.")
    content = {"steps": plain, "pool": str(pool), "method": method, "question": question}
    recipe, created = Recipe.objects.get_or_create(project=project, name=name.strip()[:120], defaults=content)
    if not created:
        version = recipe.version if expected_version is None else expected_version
        same = all(getattr(recipe, key) == value for key, value in content.items())
        if same and version == recipe.version:
            return recipe
        won = Recipe.objects.filter(pk=recipe.pk, version=version).update(**content, version=F("version") + 1)
        if not won:
            raise StaleEdit("Someone else changed this recipe meanwhile.")
        recipe.refresh_from_db()
    RecipeVersion.objects.create(recipe=recipe, version=recipe.version, made_by=by, **content)
    return recipe


def read_steps(steps: Any) -> tuple[Step, ...]:
    from curation.numerics.recipes import RecipeError, steps_from_dicts

    try:
        return steps_from_dicts(steps if isinstance(steps, list) else list(steps))
    except RecipeError as trouble:
        raise refusal_of(trouble) from trouble


def read_yaml(text: str) -> RecipeText:
    from curation.numerics.recipes import RecipeError, recipe_from_yaml

    try:
        return recipe_from_yaml(text)
    except RecipeError as trouble:
        raise refusal_of(trouble) from trouble


def yaml_of(recipe: Recipe | RecipeVersion, *, name: str) -> str:
    from curation.numerics.recipes import RecipeText, recipe_to_yaml

    steps = read_steps(recipe.steps)
    return recipe_to_yaml(RecipeText(name, recipe.pool, recipe.method, steps, recipe.question))


def refusal_of(trouble: Any) -> InvalidSetting:
    """A RecipeError as the refusal that pages, API and commands show, with its line where there is one."""
    where = f"Line {trouble.line}, {trouble.field}: " if trouble.line else ""
    return InvalidSetting(f"{where}{trouble.message}", field=trouble.field, cure=trouble.cure)


def steps_to_dicts(steps: Sequence[Step]) -> list[dict[str, Any]]:
    from curation.numerics.recipes import steps_to_dicts

    return steps_to_dicts(steps)


def preview_recipe(
    *,
    project: Project,
    steps: Sequence[Mapping[str, Any]],
    pool: str = Pool.PEOPLE_FIRST,
    method: str = "",
    question: str = "",
    wait: bool = True,
) -> Preview:
    """Count what each step would keep, drop and change; nothing is written but the table.

    With ``wait`` False nothing slow is done: raises NotReady where the table of many pairs, or a column
    that takes long, has yet to be computed by a worker.
    """
    from curation.numerics.recipes import NotReady, RecipeError, follow_recipe

    plain = read_steps(steps)
    source = source_of(project, pool=pool, method=method, question=question)
    folder = table_folder(source)
    small = source.items().count() <= INLINE
    if not wait and not small and not folder.is_dir():
        raise NotReady("table")
    make_table(source, folder=folder)
    columns = remembered_columns(source, folder, wait=wait or small)
    try:
        columns, selection = follow_recipe(columns, plain)
    except RecipeError as trouble:
        raise refusal_of(trouble) from trouble
    settled = columns.size if not plain or plain[0].name != "binarise" else source.items().count()
    return Preview(settled, selection.kept, selection.outcomes, selection, columns, folder)


# The last tables that this process read: a threshold that is dragged reads no file twice.
_REMEMBERED: dict[tuple[str, bool], Columns] = {}
_MOST_REMEMBERED = 2


def remembered_columns(source: TableSource, folder: Path, *, wait: bool) -> Columns:
    key = (str(folder), wait)
    if key not in _REMEMBERED:
        while len(_REMEMBERED) >= _MOST_REMEMBERED:
            _REMEMBERED.pop(next(iter(_REMEMBERED)))
        _REMEMBERED[key] = columns_of(source, folder, wait=wait)
    found = _REMEMBERED[key]
    # Evaluation sets may have been added since.
    from curation.services.references import reference_texts

    found.references = reference_texts(source.project)
    return found


def forget_columns() -> None:
    """Give back the memory of the tables read so far; who asks again reads them again."""
    _REMEMBERED.clear()
