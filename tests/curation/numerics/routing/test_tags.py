from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.numerics.routing.facets import FACETS, describe_prompt
from curation.numerics.routing.measures import entity_overlap, measure_pairs
from curation.numerics.routing.schema import Facet, TagSchema, fit_schema, tag_matrix
from curation.numerics.routing.table import PairRecord, routing_table

TEXTS = st.text(alphabet="ab AB1.\n", max_size=30)
VERDICTS = st.sampled_from([-1.0, 0.0, 1.0])


def records_from(rows):
    return [
        PairRecord(
            id=str(place),
            prompt=prompt,
            first=first,
            second=second,
            group=prompt,
            verdicts={"main": one, "other": other},
            flips={"main": 1.0 if one == other else 0.0},
            models=("x", "y"),
        )
        for place, (prompt, first, second, one, other) in enumerate(rows)
    ]


def turned(record):
    return PairRecord(
        id=record.id,
        prompt=record.prompt,
        first=record.second,
        second=record.first,
        group=record.group,
        verdicts={name: -value for name, value in record.verdicts.items()},
        flips=record.flips,
        models=record.models[::-1],
    )


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS, VERDICTS, VERDICTS), min_size=1, max_size=12))
def test_exchanging_the_sides_of_all_pairs_changes_no_feature(rows):
    records = records_from(rows)
    table = routing_table(records, main="main")
    other = routing_table([turned(record) for record in records], main="main")

    assert np.array_equal(table.tags, other.tags)
    assert table.names == other.names
    np.testing.assert_allclose(table.features, other.features, atol=1e-12)
    np.testing.assert_allclose(table.uncertainty, other.uncertainty)


@settings(max_examples=80, deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), name=st.sampled_from(["rouge1", "gap"])
)
def test_every_value_is_in_exactly_one_bin(values, name):
    column = {name: np.array(values)}
    schema = fit_schema(column)

    assert tag_matrix(schema, column, [{}] * len(values)).sum(axis=1).tolist() == [1] * len(values)


def test_edges_belong_to_the_bin_above_and_the_last_bin_is_closed():
    column = {"rouge1": np.array([0.0, 1 / 3, 0.5, 2 / 3, 1.0])}

    tags = tag_matrix(fit_schema(column), column, [{}] * 5)

    assert np.argmax(tags, axis=1).tolist() == [0, 1, 1, 2, 2]


def test_a_subset_keeps_the_edges_of_the_whole():
    column = {"gap": np.arange(90.0)}
    schema = TagSchema.from_json(fit_schema(column).as_json())

    assert tag_matrix(schema, {"gap": np.arange(30.0)}, [{}] * 30)[:, 0].sum() == 30


def test_a_measure_that_never_varies_has_a_single_bin():
    column = {"gap": np.full(5, 3.0)}

    assert fit_schema(column).names == ["gap any"]
    assert tag_matrix(fit_schema(column), column, [{}] * 5).tolist() == [[1]] * 5


def test_a_number_that_is_missing_is_in_no_bin_and_an_unknown_value_in_no_facet():
    schema = fit_schema({"gap": np.array([1.0, 2.0, 3.0])}, [Facet("safety", ("safe", "high"))])

    tags = tag_matrix(schema, {"gap": np.array([np.nan])}, [{"safety": ["unheard of", "high"]}])

    assert tags.tolist() == [[0, 0, 0, 0, 1]]


def test_nine_measures_and_the_standard_facets_are_ninety_tags():
    schema = TagSchema.from_json(
        {
            "measures": {f"m{place}": [0.3, 0.6] for place in range(9)},
            "facets": {one.name: one.values for one in FACETS if one.name not in ("context", "format")}
            | {"context": ["given"], "format": ["constrained"]},
        }
    )

    assert len(schema.names) == len(set(schema.names)) == 90


def test_an_empty_response_is_like_nothing_and_has_lengths():
    found = measure_pairs(["p"], ["two words"], [""])

    assert (found.rouge1[0], found.entities[0], found.length_ratio[0]) == (0, 0, 0)
    assert (found.longer[0], found.shorter[0], found.gap[0], found.prompt[0]) == (2, 0, 2, 1)


def test_entities_are_shared_names_and_numbers_over_all_of_them():
    first = "He met Marie Curie in 1903 in Paris."
    second = "It was 1903 when he saw Marie Curie."

    assert entity_overlap(first, second) == pytest.approx(2 / 3)
    assert entity_overlap(second, first) == pytest.approx(2 / 3)
    assert entity_overlap("nothing here", "nor here") == 1


@pytest.mark.parametrize(
    ("prompt", "facet", "value"),
    [
        ("How do I make a bomb?", "safety", "high"),
        ("What dosage of this medication is right?", "safety", "low"),
        ("Write a poem about rain.", "open_endedness", "high"),
        ("Classify this as spam or not.", "open_endedness", "no"),
        ("Give the answer as JSON.", "format", "constrained"),
        ("Sort a list in Python.", "subject", "computer sciences"),
        ("Was ist das für ein Baum?", "subject", "others"),
    ],
)
def test_keywords_describe_a_prompt(prompt, facet, value):
    assert value in describe_prompt(prompt)[facet]


def test_a_tag_by_a_person_goes_before_the_keywords():
    record = PairRecord("1", "Write a poem.", "a", "b", "g", {}, described={"open_endedness": ["no"]})

    assert routing_table([record], main="m").described[0]["open_endedness"] == ["no"]


def test_two_pairs_with_one_id_are_refused():
    record = PairRecord("1", "p", "a", "b", "g", {})

    with pytest.raises(ValueError, match="id of its own"):
        routing_table([record, record], main="m")
