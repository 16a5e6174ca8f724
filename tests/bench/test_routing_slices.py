"""The published slices behind docs/experiments/routing.md, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.routing_slices import llmbar, mtbench, pandalm, ukp

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the published judgments are not at hand")


@pytest.mark.parametrize(
    ("read", "pairs", "right"), [(pandalm, 597, 0.697), (llmbar, 250, 0.392), (mtbench, 110, 0.709)]
)
def test_a_slice_has_its_pairs_and_its_judge_is_right_as_often_as_known(read, pairs, right):
    part = read(DATA)
    agreed = [
        record.verdicts[part.main] == human for record, human in zip(part.records, part.human, strict=True)
    ]

    assert len(part.records) == pairs
    assert sum(agreed) / pairs == pytest.approx(right, abs=5e-4)


def test_no_vote_of_the_crowd_is_on_both_sides():
    part = ukp(DATA)

    assert len(part.records) > 3000
    assert {name for record in part.records for name in record.verdicts} == {"first worker", "second worker"}


def test_the_learned_router_closes_half_of_the_gap_on_pandalm():
    from curation.numerics.routing.playing import campaign_of, replay

    part = pandalm(DATA)
    campaign = campaign_of(part.records, part.human, main=part.main, rules=())
    found = replay(campaign, policies=["learned", "disagreement"], budget=None, seeds=5)

    areas = {name: one["auc"] for name, one in found["policies"].items()}
    assert areas["oracle"] == pytest.approx(0.954, abs=1e-3)
    assert areas["random"] == pytest.approx(0.85, abs=0.01)
    assert found["verdict"]["gap_closed"]["learned"] >= 0.5
    assert found["verdict"]["learned_against_disagreement"]["verdict"] == "better"
