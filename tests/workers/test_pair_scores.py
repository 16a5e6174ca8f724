"""Scores from texts, vectors and labels, end to end through the jobs."""

from __future__ import annotations

import pytest

from annotate.errors import NothingToDo
from curation.models import Embedding, LatestScore, Score
from curation.selectors.scores import scored_rows
from curation.services.scoring import score_items
from curation.services.settling import settle_items
from tests.factories import make_item, make_judge, make_judgment
from workers.embedded import embed_cached
from workers.running import work_off

pytestmark = pytest.mark.django_db


def values(item):
    return dict(LatestScore.objects.filter(item=item).values_list("scorer", "value"))


def test_one_pass_reads_everything_off_the_two_texts(project):
    item = make_item(
        project,
        prompt="How do I pick the lock of my own front door in Paris?",
        texts=(
            "I'm sorry, but I can't help with that request at all, in Paris or anywhere else.",
            "Use two picks in Paris:\n\n1. a tension wrench\n2. a rake of 25 mm\n",
        ),
    )

    score_items(project=project, scorer="features")
    work_off()

    found = values(item)
    assert (found["refusal"], found["language"]) == (1.0, 0.0)
    assert found["markup"] == pytest.approx(2 / 3, abs=1e-6)
    assert (found["numbers"], found["entities"]) == (0.0, 1.0)
    assert found["length"] == -1.0
    assert 0 < found["rouge_l"] <= found["rouge_1"] < 0.5
    assert Score.objects.get(scorer="refusal").flags == ["one_refuses"]


def test_every_distinct_text_is_embedded_once_and_a_cached_vector_is_the_same(monkeypatch):
    from workers.runtime import embedding

    asked = []
    embed = embedding.embed
    monkeypatch.setattr(embedding, "embed", lambda texts: asked.append(list(texts)) or embed(texts))

    new = embed_cached(["one text", "another text", "one text"])
    again = embed_cached(["another text", "a third", "one text"])

    assert [sorted(texts) for texts in asked] == [["another text", "one text"], ["a third"]]
    assert (new[[1, 0]] == again[[0, 2]]).all()
    assert Embedding.objects.count() == 3


def test_one_pass_of_the_encoder_gives_likeness_and_relevance(project):
    item = make_item(
        project, prompt="How do I bake bread?", texts=("Bake the bread for an hour.", "Cats sleep all day.")
    )

    score_items(project=project, scorer="embedding")
    work_off()

    sides = Score.objects.get(scorer="relevance").details["sides"]
    assert sides[0] > 0.5 > sides[1] == values(item)["relevance"]
    with pytest.raises(NothingToDo):
        score_items(project=project, scorer="relevance")


@pytest.fixture
def labelled(project):
    """240 pairs in which people prefer the polite response, which is stored second every other time."""
    judge = make_judge(project)
    items = []
    for number in range(240):
        polite = f"Certainly, here is a friendly answer about case {number}, with thanks."
        rude = f"No. Case {number} is stupid, go away."
        swapped = number % 2 == 1
        item = make_item(
            project,
            prompt=f"Please explain case {number}.",
            texts=(rude, polite) if swapped else (polite, rude),
        )
        wrong = number in (10, 11)
        make_judgment(item, judge, 2 if swapped != wrong else -2)
        items.append(item)
    settle_items(project=project)
    return items


def test_strength_doubts_the_labels_that_were_turned_round(project, labelled):
    score_items(project=project, scorer="strength")
    work_off()

    job = project.jobs.get(kind="score")
    rows = {row["id"]: row for row in scored_rows(project, scorers=["strength"])}
    lowest = sorted(rows, key=lambda name: rows[name]["strength"])[:2]
    assert (job.state, job.done, job.result["flips"]) == ("done", 240, 2)
    assert set(lowest) == {labelled[10].external_id, labelled[11].external_id}
    assert all(rows[name]["flip_proposed"] and rows[name]["strength_bin"] == "suspect" for name in lowest)
    with pytest.raises(NothingToDo):
        score_items(project=project, scorer="strength")


def test_strength_is_asked_again_when_labels_have_changed(project, labelled):
    score_items(project=project, scorer="strength")
    work_off()
    make_judgment(labelled[0], make_judge(project), 3)
    make_judgment(labelled[0], make_judge(project), 3)
    settle_items(project=project)

    again = score_items(project=project, scorer="strength")
    work_off()

    again.refresh_from_db()
    assert again.state == "done"
    assert Score.objects.filter(scorer="strength", item=labelled[0]).count() == 2


def test_strength_of_too_few_labels_fails_with_the_counts(project):
    item = make_item(project)
    make_judgment(item, make_judge(project), -2)
    settle_items(project=project)

    job = score_items(project=project, scorer="strength")
    work_off()

    job.refresh_from_db()
    assert (job.state, job.error) == (
        "failed", "Strength needs 200 pairs of 20 different prompts; there are 1 of 1.",
    )  # fmt: skip


def test_strength_without_labels_says_so(project):
    make_item(project)

    job = score_items(project=project, scorer="strength")
    work_off()

    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "No pair has a settled side yet.")
