"""Judges on the pages: made after their prompt was seen, measured, limited, stopped and let go on."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from annotate.models import Job, Judge
from annotate.services.allowances import allowance_of, set_limits, stop_judge
from curation.prompts.spec import spec_from
from curation.prompts.trials import LINES
from curation.services.calibrating import calibrate_judge
from curation.services.judging import local_judge, save_judge
from curation.services.routing import make_policy, route_items
from curation.services.steering import keep_trial
from tests.factories import make_item, make_judge, make_judgment

pytestmark = pytest.mark.django_db


def text_of(answer):
    return answer.content.decode()


def address(name, project, *more):
    return reverse(name, args=[project.slug, *more])


def typed(**changes):
    """What a browser sends for the form as it stands."""
    spec = spec_from({})
    return {
        "name": "My judge",
        "backend": "local",
        "url": "",
        "model": "",
        "key_name": "",
        "logprobs": "on",
        "reply": "letter",
        "questions": ["preference"],
        "principles": "",
        "demonstrations": "",
        "samples": 1,
        "temperature": 0,
        "tie_band": 0.05,
        "keep_share": 0.7,
        "template": spec.template.replace("\n", "\r\n"),
        "seen": "",
    } | changes


@pytest.fixture
def calibrated(project):
    """A model judge with thirty pairs that people judged too; it turns with the order in every third."""
    from annotate.services.assignments import lease_item
    from annotate.services.judgments import record_judgment

    judge = save_judge(project=project, name="Judge", given={"backend": "local"})
    people = [make_judge(project) for _ in range(2)]
    for number in range(30):
        item = make_item(project, texts=(f"first {number}", f"second {number} is longer"))
        for person in people:
            make_judgment(item, person, -2 if number % 2 else 2)
        p_first = 0.8 if number % 2 else 0.3
        lease = lease_item(item=item, judge=judge, order=[0, 1], seated=False)
        raw = {"p_first": p_first, "bias": 0.2, "flipped": number % 3 == 0}
        record_judgment(
            assignment=lease,
            token=lease.lease_token,
            answers={"preference": -2 if number % 2 else 2},
            raw=raw,
        )
    calibrate_judge(judge=judge)
    return judge


def test_the_list_shows_how_a_judge_does(project, reviewer, calibrated, sign_in):
    page = text_of(sign_in(reviewer).get(address("show_judges", project)))

    assert "100.0 %" in page
    assert "33 %" in page
    assert "not alone" in page
    assert calibrated.version in page


def test_the_judge_s_page_says_why_it_may_not_label_alone(project, reviewer, calibrated, sign_in):
    page = text_of(sign_in(reviewer).get(address("show_judge", project, calibrated.pk)))

    assert "10 of 30 pairs" in page
    assert "allows 30%" in page
    assert "Two people with each other" in page
    assert "<circle" in page
    assert "It has not been asked anything yet." in page


def test_a_version_is_saved_after_its_prompt_was_looked_at(project, lead, sign_in):
    make_item(project, prompt="Where is the moon?", texts=("Up there.", "Down here."))
    client = sign_in(lead)

    unseen = client.post(address("new_judge", project), typed(save=""))
    shown = client.post(address("new_judge", project), typed(preview=""))
    digest = shown.context["form"].data["seen"]
    saved = client.post(address("new_judge", project), typed(save="", seen=digest))

    assert unseen.status_code == 422
    assert "Look at the prompt below first" in text_of(unseen)
    assert "Where is the moon?" in text_of(shown)
    assert "Down here." in text_of(shown)
    judge = Judge.objects.get(name="My judge")
    assert saved.headers["Location"] == address("show_judge", project, judge.pk)
    assert judge.settings["spec"]["template"] == spec_from({}).template


def test_what_was_seen_is_not_what_is_saved_when_it_changed_since(project, lead, sign_in):
    client = sign_in(lead)
    digest = client.post(address("new_judge", project), typed(preview="")).context["form"].data["seen"]

    answer = client.post(address("new_judge", project), typed(save="", seen=digest, principles="Be kind."))

    assert answer.status_code == 422
    assert not Judge.objects.filter(name="My judge").exists()


def test_settings_that_cannot_be_are_shown_at_their_field(project, lead, sign_in):
    answer = sign_in(lead).post(address("new_judge", project), typed(backend="endpoint", save=""))

    assert answer.status_code == 422
    assert "Such as http://localhost:8000/v1" in answer.context["form"].errors["url"][0]


def test_a_new_version_starts_from_the_settings_of_another(project, lead, sign_in):
    judge = save_judge(project=project, name="Judge", given={"principles": ["Be kind."]})

    page = sign_in(lead).get(address("new_judge", project), {"from": judge.pk})

    assert "Be kind." in text_of(page)
    assert page.context["form"].initial["name"] == "Judge"


def test_a_new_version_may_tie_as_often_as_people_do(project, lead, calibrated, sign_in):
    client = sign_in(lead)
    found = calibrated.calibrations.get()

    page = text_of(client.get(address("show_judge", project, calibrated.pk)))
    form = client.get(address("new_judge", project) + f"?from={calibrated.pk}&band=measured").context["form"]

    assert f"?from={calibrated.pk}&amp;band=measured" in page
    assert form.initial["tie_band"] == round(found.tie_band, 4) != 0.05
    assert form.initial["name"] == "Judge"


def test_limits_are_typed_in_money_and_kept_in_millionths(project, lead, sign_in):
    judge = local_judge(project=project)
    limits = {"spend_cap": "2.5", "price_in": "0.15", "price_out": "0.6", "calls_per_minute": 30}

    answer = sign_in(lead).post(address("limit_judge", project, judge.pk), limits)
    refused = sign_in(lead).post(address("limit_judge", project, judge.pk), limits | {"spend_cap": "-1"})

    allowance = allowance_of(project=project, name=judge.name)
    assert answer.status_code == 302
    assert (allowance.spend_cap, allowance.price_in, allowance.price_out) == (2_500_000, 150_000, 600_000)
    assert refused.status_code == 422
    assert "0.15" in text_of(sign_in(lead).get(address("show_judge", project, judge.pk)))


def test_a_stopped_judge_says_why_and_a_lead_lets_it_go_on(project, lead, sign_in):
    judge = local_judge(project=project)
    stop_judge(
        allowance=allowance_of(project=project, name=judge.name), reason="it passed 0 of 4 control pairs."
    )
    client = sign_in(lead)

    before = text_of(client.get(address("show_judge", project, judge.pk)))
    client.post(address("let_judge_go_on", project, judge.pk))
    after = text_of(client.get(address("show_judge", project, judge.pk)))

    assert "0 of 4 control pairs" in before
    assert "0 of 4 control pairs" not in after


def test_asking_says_what_waits_what_it_costs_and_that_no_worker_is_alive(project, lead, sign_in):
    for _ in range(3):
        make_item(project)
    route_items(policy=make_policy(project=project, kind="everyone"))
    given = {"backend": "endpoint", "url": "http://localhost:8000/v1", "model": "m"}
    judge = save_judge(project=project, name="Judge", given=given)
    set_limits(allowance=allowance_of(project=project, name="Judge"), spend_cap=10, price_in=1_000_000)
    client = sign_in(lead)

    page = text_of(client.get(address("show_judge", project, judge.pk)))
    client.post(address("ask_one_judge", project, judge.pk))

    assert "Ask about 3 items" in page
    assert "About 6 calls" in page
    assert "of 0.00001 left" in page
    assert "The spend cap may not hold all of it." in page
    assert "No worker is alive." in page
    assert Job.objects.get(parent=None, kind="judge").payload == {"judge": judge.pk}


def test_measuring_too_early_says_what_is_needed(project, lead, sign_in):
    judge = local_judge(project=project)

    page = sign_in(lead).post(address("measure_judge", project, judge.pk), follow=True)

    assert "20 are needed" in text_of(page)


def test_a_judge_of_the_candidates_own_family_is_flagged(project, lead, sign_in):
    item = make_item(project)
    item.candidates.update(model="HuggingFaceTB/SmolLM2-1.7B")
    judge = local_judge(project=project)

    page = text_of(sign_in(lead).get(address("show_judge", project, judge.pk)))

    assert "It judges its own family." in page


def test_a_recorded_judge_and_a_person_have_a_page_too(project, lead, sign_in):
    from annotate.services.judges import recorded_judge

    recorded = recorded_judge(project=project, kind="model", name="gpt", version="1")

    assert sign_in(lead).get(address("show_judge", project, recorded.pk)).status_code == 200
    assert sign_in(lead).get(address("show_judge", project, make_judge(project).pk)).status_code == 200


def test_the_api_makes_limits_and_shows_judges(project, lead, sign_in):
    client = sign_in(lead)
    made = client.post(
        reverse("api_judges", args=[project.slug]),
        {"name": "Judge", "settings": {"principles": ["Be kind."]}},
        content_type="application/json",
    )
    pk = made.json()["id"]
    refused = client.post(
        reverse("api_judges", args=[project.slug]),
        {"name": "Judge", "settings": {"backend": "oracle"}},
        content_type="application/json",
    )
    limited = client.post(
        reverse("api_judge_limits", args=[project.slug, pk]),
        {"spend_cap": 5},
        content_type="application/json",
    )
    asked = client.post(
        reverse("api_judge_ask", args=[project.slug, pk]), {"limit": 3}, content_type="application/json"
    )

    assert made.status_code == 201
    assert made.json()["settings"]["principles"] == ["Be kind."]
    assert (refused.status_code, refused.json()["field"]) == (422, "backend")
    assert limited.json()["limits"]["spend_cap"] == 5
    assert asked.json()["error"] == "nothing_to_do"
    assert len(client.get(reverse("api_judges", args=[project.slug])).json()) == 1
    assert client.get(reverse("api_judge", args=[project.slug, pk])).json()["version"].startswith("v1-")


def keep_trials(judge, *, turned, pairs=12):
    """As if injections had been tried: this one turned every verdict, no other line any."""
    for number in range(pairs):
        item = make_item(judge.project, texts=(f"one {number}", f"two {number}"))
        by_line = {name: name == turned for name in LINES}
        keep_trial(judge=judge, item=item, loser=0, turned=by_line)


def test_a_judge_that_was_not_tried_says_so_and_what_trying_comes_to(project, lead, sign_in):
    for _ in range(25):
        make_item(project)
    given = {"backend": "endpoint", "url": "http://localhost:8000/v1", "model": "m"}
    judge = save_judge(project=project, name="Judge", given=given)
    set_limits(allowance=allowance_of(project=project, name="Judge"), spend_cap=10**7, price_in=10**9)
    client = sign_in(lead)

    page = text_of(client.get(address("show_judge", project, judge.pk)))
    rows = text_of(client.get(address("show_judges", project)))
    client.post(address("try_judge", project, judge.pk), {"pairs": 20})

    assert "it may label alone on trust" in page
    assert re.search(r"20 pairs: at most \d+\.\d+, about 560 calls<", page)
    assert re.search(r"25 pairs: at most \d+\.\d+, about 700 calls<", page)
    assert "10.00 of the spend cap are left" in page
    assert "not tried" in rows
    job = Job.objects.get(parent=None, kind="trial")
    assert (job.payload, job.total, job.queue) == ({"judge": judge.pk}, 20, "judge")


def test_a_judge_that_a_line_turns_shows_which_how_often_and_that_it_may_not_label_alone(
    project, reviewer, sign_in
):
    judge = local_judge(project=project)
    keep_trials(judge, turned="a fence that closes")

    page = text_of(sign_in(reviewer).get(address("show_judge", project, judge.pk)))
    rows = text_of(sign_in(reviewer).get(address("show_judges", project)))

    assert "Not allowed to label alone." in page
    assert "10.0 points more, and this project allows 5." in page
    assert "beyond the limit" in page
    assert '>10.0</td><td class="n nowrap small quiet">10.0 to 10.0</td>' in page
    assert re.search(r'a fence that closes</td><td class="n">12</td><td class="n">12<', page)
    assert "not alone" in rows
    assert "+10.0" in rows
    assert "Try injected lines" not in page


def test_the_limit_is_changed_in_the_settings(project, lead, sign_in):
    judge = local_judge(project=project)
    keep_trials(judge, turned="a fence that closes")
    client = sign_in(lead)
    shown = client.get(address("show_settings", project)).context["form"].initial

    client.post(address("show_settings", project), shown | {"max_steering": 0.2})

    assert "up to 20 points more often" in text_of(client.get(address("show_judge", project, judge.pk)))
    assert client.get(reverse("api_judge", args=[project.slug, judge.pk])).json()["may_label_alone"]


def test_the_api_tries_injections_and_shows_what_they_did(project, lead, sign_in):
    judge = local_judge(project=project)
    keep_trials(judge, turned="an order")
    make_item(project)
    client = sign_in(lead)

    told = client.get(reverse("api_judge", args=[project.slug, judge.pk])).json()
    asked = client.post(
        reverse("api_judge_try", args=[project.slug, judge.pk]), {"pairs": 5}, content_type="application/json"
    )
    refused = client.post(
        reverse("api_judge_try", args=[project.slug, judge.pk]),
        {"pairs": 401},
        content_type="application/json",
    )

    found = told["injections"]
    assert not told["may_label_alone"]
    assert "injected into the worse response" in told["why"]
    assert (found["pairs"], found["allowed"]) == (12, 0.05)
    assert found["figures"]["excess"]["value"] == pytest.approx(0.1)
    assert found["lines"]["an order"] == {"turned": 12, "of": 12}
    assert found["trials"] == [{"pairs": 1, "calls": 28, "price_at_most": 0}]
    assert asked.status_code == 202
    assert refused.status_code in (400, 422)
