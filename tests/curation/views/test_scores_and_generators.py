"""The pages of scores, of items by score, and of generators."""

from __future__ import annotations

import pytest

from curation.models import Generator
from curation.services.scoring import NewScore, store_scores
from curation.services.settling import settle_items
from tests.factories import make_item, make_judge, make_judgment

pytestmark = pytest.mark.django_db


def scored_items(project, values, scorer="ches", flags=()):
    items = []
    for value in values:
        item = make_item(project, texts=(f"first of {value}", f"second of {value}"))
        first, second = item.candidates.order_by("position")
        made = [NewScore(item.pk, first.pk, second.pk, value, flags=flags)]
        store_scores(scorer=scorer, revision="1", parameters={}, made=made)
        items.append(item)
    return items


def ids_on(answer):
    return [row.item.external_id for row in answer.context["rows"]]


def test_items_are_sorted_by_a_score_page_after_page(project, reviewer, sign_in):
    items = scored_items(project, [place % 7 / 7 for place in range(120)])
    client, url = sign_in(reviewer), f"/p/{project.slug}/items/"
    expected = [item.external_id for item in sorted(items, key=lambda one: (-(items.index(one) % 7), one.pk))]

    seen, following = [], "?sort=ches&down=1"
    while following:
        answer = client.get(url + following)
        seen += ids_on(answer)
        following = answer.context["more"]

    assert seen == expected


def test_bounds_and_flags_are_those_of_the_sorted_score(project, reviewer, sign_in):
    plain = scored_items(project, [0.1, 0.5, 0.9])
    flagged = scored_items(project, [0.6], flags=("truncated",))
    client, url = sign_in(reviewer), f"/p/{project.slug}/items/"

    assert ids_on(client.get(url + "?sort=ches&low=0.4&high=0.8")) == [
        plain[1].external_id,
        flagged[0].external_id,
    ]
    assert ids_on(client.get(url + "?sort=ches&flagged=1")) == [flagged[0].external_id]
    assert ids_on(client.get(url + "?sort=nonsense&low=x&value=nan")) == [
        item.external_id for item in (*plain, *flagged)
    ]


@pytest.mark.parametrize("address", ["items/?sort=ches", "scores/?of=ches&bin=0"])
def test_a_page_asks_the_database_no_more_for_more_rows(
    project, reviewer, sign_in, django_assert_max_num_queries, address
):
    scored_items(project, [0.0, 1.0])
    client, url = sign_in(reviewer), f"/p/{project.slug}/{address}"
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url)
    scored_items(project, [0.0] * 10)
    with django_assert_max_num_queries(len(few)):
        client.get(url)


def test_a_bar_of_the_histogram_lists_its_pairs_with_both_texts(project, reviewer, sign_in):
    scored_items(project, [0.0, 0.01, 1.0])

    answer = sign_in(reviewer).get(f"/p/{project.slug}/scores/?of=ches&bin=31")

    assert [row.value for row in answer.context["rows"]] == [1.0]
    assert "first of 1.0" in answer.content.decode()
    assert "second of 1.0" in answer.content.decode()
    assert sum(answer.context["histogram"].counts) == 3


def test_a_bar_chosen_on_the_page_brings_its_pairs_alone(project, reviewer, sign_in):
    scored_items(project, [0.0, 0.01, 1.0])
    client, url = sign_in(reviewer), f"/p/{project.slug}/scores/?of=ches"

    whole, part = client.get(url + "&bin=0"), client.get(url + "&bin=0", headers={"HX-Request": "true"})

    assert [row.value for row in part.context["rows"]] == [0.0, 0.01]
    assert part.context["rows"] == whole.context["rows"]
    assert "<html" not in part.content.decode()
    assert "first of 0.01" in part.content.decode()
    # Going back in the browser asks for the whole page again.
    back = client.get(url + "&bin=0", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in back.content.decode()


@pytest.mark.parametrize(
    "asked", ["of=ches&bin=99", "of=ches&bin=-1", "of=nothing&bin=1", "of=length&bin=1", ""]
)
def test_a_bar_that_is_not_there_brings_nothing(project, reviewer, sign_in, asked):
    scored_items(project, [0.0, 1.0])

    part = sign_in(reviewer).get(f"/p/{project.slug}/scores/?{asked}", headers={"HX-Request": "true"})

    assert part.status_code == 200
    assert "rows" not in part.context
    assert "No pair lies here" in part.content.decode()


def test_ches_is_laid_against_refusals(project, reviewer, sign_in):
    items = scored_items(project, [-3.0, -2.0, 0.0, 0.1, 0.5, 0.6])
    for item, refusing in zip(items, (1, 1, 0, 0, 2, 0), strict=True):
        first, second = item.candidates.order_by("position")
        made = [NewScore(item.pk, first.pk, second.pk, float(refusing))]
        store_scores(scorer="refusal", revision="1", parameters={}, made=made)

    found = sign_in(reviewer).get(f"/p/{project.slug}/scores/?of=ches").context["crosstab"]

    assert [counts for _band, _low, _high, counts in found.rows] == [[0, 2, 0], [2, 0, 0], [1, 0, 1]]


def test_one_value_alone_still_makes_a_histogram(project, reviewer, sign_in):
    scored_items(project, [0.5, 0.5])

    found = sign_in(reviewer).get(f"/p/{project.slug}/scores/").context["histogram"]

    assert (sum(found.counts), found.scale.low, found.scale.high) == (2, 0.0, 1.0)


GIVEN = {
    "name": "calm", "per_prompt": 2, "temperature": 0.3, "top_p": 0.9, "max_new_tokens": 50, "seed": 1,
    "stop": "###\n", "on_policy": "on",
}  # fmt: skip


def test_a_lead_makes_changes_and_removes_a_generator(project, lead, sign_in):
    client, root = sign_in(lead), f"/p/{project.slug}/generators/"

    assert client.post(root + "new/", GIVEN).status_code == 302
    made = Generator.objects.get()
    assert (made.name, made.per_prompt, made.stop, made.on_policy) == ("calm", 2, ["###"], True)
    assert client.post(f"{root}{made.pk}/", GIVEN | {"name": "other", "seed": 5}).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.seed) == ("calm", 5)
    assert "calm" in client.get(f"/p/{project.slug}/candidates/").content.decode()
    client.post(f"{root}{made.pk}/remove/")
    assert not Generator.objects.exists()


def test_a_refused_generator_keeps_what_was_typed_and_says_why(project, lead, sign_in):
    answer = sign_in(lead).post(f"/p/{project.slug}/generators/new/", GIVEN | {"url": "host"})

    assert answer.status_code == 422
    assert "Begin it with http:// or https://." in answer.content.decode()
    assert 'value="calm"' in answer.content.decode()


def test_the_page_counts_what_each_generator_wrote_and_its_flags(project, lead, sign_in):
    client = sign_in(lead)
    client.post(f"/p/{project.slug}/generators/new/", GIVEN)
    item = make_item(project, texts=("a", "b", "c"))
    for candidate, flags in zip(
        item.candidates.all(), ([], ["refusal"], ["refusal", "truncated"]), strict=True
    ):
        candidate.parameters, candidate.flags = {"generator": "calm"}, flags
        candidate.save()

    (calm,) = client.get(f"/p/{project.slug}/candidates/").context["generators"]

    assert (calm.written, calm.flagged) == (3, [("refusal", 2), ("truncated", 1)])


def test_a_lead_asks_again_where_neither_was_good_stops_it_and_takes_it_up_again(project, lead, sign_in):
    client, root = sign_in(lead), f"/p/{project.slug}"
    client.post(f"{root}/generators/new/", GIVEN)
    item = make_item(project, texts=("bad", "worse"))
    make_judgment(item, make_judge(project), "neither")
    settle_items(project=project)

    client.post(f"{root}/generators/again/")
    job = project.jobs.get(kind="generate", parent=None)
    client.post(f"{root}/jobs/{job.pk}/cancel/")
    stopped = project.jobs.get(pk=job.pk).state
    client.post(f"{root}/jobs/{job.pk}/retry/")

    assert job.total == 1
    assert project.items.count() == 2
    assert (stopped, project.jobs.get(pk=job.pk).state) == ("cancelled", "split")


def test_the_page_counts_each_scorer_over_its_revisions(project, reviewer, sign_in):
    scored_items(project, [1.0, None])
    (item,) = scored_items(project, [2.0], flags=("truncated",))
    first, second = item.candidates.order_by("position")
    again = [NewScore(item.pk, first.pk, second.pk, 3.0)]
    store_scores(scorer="ches", revision="2", parameters={}, made=again)

    answer = sign_in(reviewer).get(f"/p/{project.slug}/scores/")

    (ches,) = [one["count"] for one in answer.context["scorers"] if one["spec"].key == "ches"]
    assert (ches.scored, ches.without, ches.flagged, ches.revisions) == (2, 1, 0, ("1", "2"))
