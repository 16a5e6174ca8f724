from __future__ import annotations

import pytest

from annotate.errors import InvalidSetting, NothingToDo
from curation.models import LatestScore, Score
from curation.selectors.scorers import TEXT_REVISION
from curation.services.scoring import NewScore, pairs_to_score, score_items, store_scores
from tests.factories import make_item, make_items, make_project

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


def score_of(item, value=1.0):
    first, second = item.candidates.order_by("position")
    return NewScore(item.pk, first.pk, second.pk, value)


def test_work_is_split_and_sent_to_the_queue_of_its_scorer():
    project = make_project()
    make_items(project, 20)

    ches, length = (score_items(project=project, scorer=scorer) for scorer in ("ches", "length"))

    assert (ches.queue, ches.state, ches.total, ches.chunks.count()) == ("gpu", "split", 20, 2)
    assert (length.queue, length.chunks.count()) == ("cpu", 1)


def test_only_pairs_without_a_score_are_asked_for():
    project = make_project()
    scored, unscored = make_items(project, 2)
    make_item(project, texts=("alone",))
    store_scores(scorer="length", revision=TEXT_REVISION, parameters={}, made=[score_of(scored)])

    job = score_items(project=project, scorer="length")

    assert job.chunks.get().payload["units"] == [unscored.pk]


def test_there_is_nothing_to_do_when_all_is_scored():
    project = make_project()
    item = make_item(project)
    store_scores(scorer="length", revision=TEXT_REVISION, parameters={}, made=[score_of(item)])

    with pytest.raises(NothingToDo):
        score_items(project=project, scorer="length")


def test_the_same_score_again_changes_nothing():
    item = make_item(make_project())
    for value in (1.0, 2.0):
        store_scores(scorer="length", revision="1", parameters={}, made=[score_of(item, value)])

    assert Score.objects.get().value == 1.0


def test_a_new_revision_adds_a_row_and_changes_none():
    item = make_item(make_project())
    for revision, value in (("1", 1.0), ("2", 2.0)):
        store_scores(scorer="length", revision=revision, parameters={}, made=[score_of(item, value)])

    assert list(Score.objects.order_by("pk").values_list("revision", "value")) == [("1", 1.0), ("2", 2.0)]


def test_a_pair_is_the_first_two_candidates():
    item = make_item(make_project(), texts=("a", "b", "c"))

    [(found, first, second)] = pairs_to_score(item_ids=[item.pk])

    assert (found, first.text, second.text) == (item, "a", "b")


def test_a_score_by_an_older_revision_is_no_reason_not_to_score_again():
    project = make_project()
    item = make_item(project)
    store_scores(scorer="length", revision="an older formula", parameters={}, made=[score_of(item)])

    job = score_items(project=project, scorer="length")

    assert (job.chunks.get().payload["units"], job.payload["revision"]) == ([item.pk], TEXT_REVISION)


def test_pages_show_the_score_that_was_made_last():
    item = make_item(make_project())
    for revision, value in (("1", 1.0), ("2", 2.0)):
        store_scores(scorer="length", revision=revision, parameters={}, made=[score_of(item, value)])

    shown = LatestScore.objects.get()

    assert (shown.value, shown.score.revision, shown.project) == (2.0, "2", item.project)


def test_features_are_asked_for_together_and_only_once():
    project = make_project()
    make_items(project, 2)

    job = score_items(project=project, scorer="features")
    again = score_items(project=project, scorer="features")

    assert (len(job.payload["also"]), job.total, again.pk) == (10, 2, job.pk)


def test_an_unknown_scorer_is_refused_with_the_known_ones():
    with pytest.raises(InvalidSetting) as refused:
        score_items(project=make_project(), scorer="horoscope")

    assert "strength" in refused.value.cure
