"""Named generators: what they may be, how they share prompts, and what is asked again."""

from __future__ import annotations

import pytest

from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Item
from curation.models import Generator
from curation.services.generators import ask_again_for_neither, ask_generators, save_generator
from curation.services.settling import settle_items
from tests.factories import make_item, make_items, make_judge, make_judgment
from workers.running import work_off

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


def test_a_generator_of_that_name_gets_the_new_settings(project):
    save_generator(project=project, name="small", temperature=0.2)
    save_generator(project=project, name="small", temperature=0.9, stop=["###", ""])

    kept = Generator.objects.get()
    assert (kept.temperature, kept.stop) == (0.9, ["###"])


def test_one_generator_at_most_is_on_policy(project):
    save_generator(project=project, name="one", on_policy=True)
    save_generator(project=project, name="two", on_policy=True)

    assert list(Generator.objects.values_list("name", "on_policy")) == [("one", False), ("two", True)]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"url": "ftp://somewhere"}, "url"),
        ({"url": "https://me:secret@host/v1", "model": "m"}, "url"),
        ({"url": "https://host/v1"}, "model"),
        ({"temperature": 3.0}, "temperature"),
        ({"per_prompt": 10}, "per_prompt"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
    ],
)
def test_what_cannot_work_is_refused_at_its_field_and_nothing_is_kept(project, given, field):
    with pytest.raises(InvalidSetting) as refused:
        save_generator(project=project, **({"name": "one"} | given))

    assert (refused.value.field, Generator.objects.count()) == (field, 0)


def test_together_they_write_nine_a_prompt_at_most(project):
    save_generator(project=project, name="one", per_prompt=6)

    with pytest.raises(InvalidSetting, match="9 candidates"):
        save_generator(project=project, name="two", per_prompt=4)


def test_each_gets_a_job_for_the_prompts_it_owes(project):
    save_generator(project=project, name="local", per_prompt=2)
    save_generator(project=project, name="far", url="https://host/v1", model="m", key_name="main")
    make_items(project, 2, texts=())
    make_item(project, texts=("a", "b", "c"))

    local, far = ask_generators(project=project)

    assert (local.queue, far.queue, local.total, far.total) == ("gpu", "judge", 2, 2)
    assert (far.payload["generator"]["key_name"], far.payload["generator"]["quota"]) == ("main", 1)


def test_quotas_are_met_side_by_side_and_then_nothing_is_left_to_do(project):
    save_generator(project=project, name="calm", temperature=0.3, max_new_tokens=4)
    save_generator(
        project=project, name="wild", temperature=1.5, max_new_tokens=4, system="Answer in French."
    )
    item = make_item(project, texts=(), prompt="Say hello.")

    ask_generators(project=project)
    work_off()

    made = item.candidates.order_by("position")
    assert sorted(one.parameters["generator"] for one in made) == ["calm", "wild"]
    assert {one.parameters["generator"]: one.parameters.get("system") for one in made} == {
        "calm": None, "wild": "Answer in French.",
    }  # fmt: skip
    with pytest.raises(NothingToDo):
        ask_generators(project=project)


def test_prompts_settled_as_neither_are_asked_once_more_as_items_of_their_own(project):
    save_generator(project=project, name="local", per_prompt=2)
    bad, good = make_items(project, 2)
    judge = make_judge(project)
    make_judgment(bad, judge, "neither")
    make_judgment(good, judge, -2)
    settle_items(project=project)

    [job] = ask_again_for_neither(project=project)
    [again] = ask_again_for_neither(project=project)

    made = Item.objects.get(meta__follows=bad.external_id)
    assert (made.prompt, made.candidates.count(), bad.candidates.count()) == (bad.prompt, 0, 2)
    assert (job.total, again.pk, Item.objects.count()) == (1, job.pk, 3)


def test_a_project_without_generators_says_what_to_do(project):
    with pytest.raises(NothingToDo, match="no generators"):
        ask_generators(project=project)
