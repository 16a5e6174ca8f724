"""Recipes as values and as YAML: strict, and exact about where it is wrong."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.numerics.recipes import (
    STEPS,
    RecipeError,
    recipe_from_yaml,
    recipe_to_yaml,
    steps_from_dicts,
    steps_to_dicts,
)

NEEDED = {
    "keep_sources": {"values": ["a"]},
    "on_policy": {"models": ["m"]},
    "decontaminate": {"against": ["set"]},
}


@pytest.mark.parametrize("name", STEPS)
def test_every_step_goes_to_json_and_yaml_and_back(name):
    steps = steps_from_dicts([{"step": name} | NEEDED.get(name, {})])

    assert steps_from_dicts(json.loads(json.dumps(steps_to_dicts(steps)))) == steps
    text = f"- step: {name}\n" + "".join(f"  {k}: {json.dumps(v)}\n" for k, v in NEEDED.get(name, {}).items())
    read = recipe_from_yaml(text)
    assert read.steps == steps
    assert recipe_from_yaml(recipe_to_yaml(read)) == read


@pytest.mark.parametrize(
    ("plain", "field", "cure"),
    [
        ("drop", "steps", "drop_undecided"),
        (["drop"], "steps[0]", "drop_duplicates"),
        ([{"step": "drop_all"}], "steps[0].step", "drop_alike"),
        ([{}], "steps[0].step", "Choose one of"),
        ([{"step": "drop_alike", "top_percent": 101}], "steps[0].top_percent", "0 to 100"),
        ([{"step": "drop_alike", "top_percent": float("nan")}], "steps[0].top_percent", "0 to 100"),
        ([{"step": "drop_alike", "top_percent": "10"}], "steps[0].top_percent", "0 to 100"),
        ([{"step": "drop_alike", "top_percent": True}], "steps[0].top_percent", "0 to 100"),
        ([{"step": "drop_alike", "percent": 10}], "steps[0].percent", "top_percent"),
        ([{"step": "drop_duplicates", "fuzzy": True}], "steps[0].fuzzy", "no settings"),
        ([{"step": "min_judges", "at_least": 1.5}], "steps[0].at_least", "whole number"),
        ([{"step": "mix", "shares": {"a": "x"}}], "steps[0].shares.a", "number"),
        ([{"step": "languages", "keep": "en"}], "steps[0].keep", "list of texts"),
        ([{"step": "split"}, {"step": "binarise"}], "steps[1].step", "first"),
    ],
)
def test_a_bad_recipe_names_the_field_and_the_cure(plain, field, cure):
    with pytest.raises(RecipeError) as caught:
        steps_from_dicts(plain)

    assert caught.value.field == field
    assert cure in caught.value.cure


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("- step: drop_undecided\n- step: drop_alike\n  top_percent: 400\n", 3, "steps[1].top_percent"),
        ("name: x\nsteps:\n  - step: drop_alike\n    percent: 3\n", 4, "steps[0].percent"),
        ("name: x\nsteps:\n  - step: dropp\n", 3, "steps[0].step"),
        ("steps: []\npol: people\n", 2, "pol"),
        ("pool: nobody\nsteps: []\n", 1, "pool"),
        ("steps:\n- step: split\n  seed: 1\n  seed: 2\n", 4, "seed"),
        ("- step: [\n", 2, "recipe"),
        ("just words", 1, "steps"),
        ("- step: !!python/object:os.system {}\n", 1, "steps[0].step"),
        ("- &a [*a]\n", 1, "recipe"),
        ("a: &a [x]\nb: [*a, *a]\n", 2, "recipe"),
    ],
)
def test_a_line_that_is_wrong_is_named(text, line, field):
    with pytest.raises(RecipeError) as caught:
        recipe_from_yaml(text)

    assert (caught.value.line, caught.value.field) == (line, field)
    assert caught.value.cure


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_recipe_or_a_refusal_with_its_line(text):
    lines = []
    with contextlib.suppress(RecipeError):
        try:
            recipe_from_yaml(text)
        except RecipeError as refusal:
            lines.append(refusal.line)
            raise

    assert min(lines, default=1) >= 1
