"""Recipes: ordered curation steps over columns. Arrays in, masks and edits out."""

from curation.numerics.recipes.binarise import NAME as BINARISE
from curation.numerics.recipes.binarise import multiplied
from curation.numerics.recipes.columns import VERDICTS, Columns, FeatureStore, columns_from
from curation.numerics.recipes.engine import SPLITS, Histogram, Outcome, Selection, State, Step, StepKind
from curation.numerics.recipes.engine import follow as follow_steps
from curation.numerics.recipes.errors import NotReady, RecipeError
from curation.numerics.recipes.reading import (
    POOLS,
    RecipeText,
    recipe_from_yaml,
    recipe_to_yaml,
    steps_from_dicts,
    steps_to_dicts,
)
from curation.numerics.recipes.registry import STEPS

__all__ = [
    "BINARISE",
    "POOLS",
    "SPLITS",
    "STEPS",
    "VERDICTS",
    "Columns",
    "FeatureStore",
    "Histogram",
    "NotReady",
    "Outcome",
    "RecipeError",
    "RecipeText",
    "Selection",
    "State",
    "Step",
    "StepKind",
    "columns_from",
    "follow_recipe",
    "follow_steps",
    "recipe_from_yaml",
    "recipe_to_yaml",
    "steps_from_dicts",
    "steps_to_dicts",
]


def follow_recipe(columns: Columns, steps: tuple[Step, ...]) -> tuple[Columns, Selection]:
    """Apply a recipe. Where it binarises, the columns returned have a row per pair made; else the same."""
    if steps and steps[0].name == BINARISE:
        columns = multiplied(columns, steps[0].values)
    return columns, follow_steps(columns, steps)
