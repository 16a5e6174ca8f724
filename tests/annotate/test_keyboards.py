from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import reverse

from annotate.errors import InvalidSetting
from annotate.selectors.keyboards import ACTS, own_keys
from annotate.services.keyboards import choose_keys

pytestmark = pytest.mark.django_db
SCRIPT = Path(__file__).resolve().parents[2] / "static" / "js" / "desk" / "keys.js"


def test_only_keys_that_differ_from_the_usual_ones_are_kept(annotator):
    choose_keys(user=annotator, keys={"skip": "X", "undo": "u", "flag": ""})

    assert own_keys(annotator) == {"skip": "x"}


@pytest.mark.parametrize(
    "keys", [{"skip": "1"}, {"skip": "e"}, {"skip": "u"}, {"skip": "xy"}, {"skip": "\t\t"}]
)
def test_a_key_that_answers_questions_or_does_two_things_is_refused(annotator, keys):
    if keys["skip"].strip():
        with pytest.raises(InvalidSetting):
            choose_keys(user=annotator, keys=keys)
    else:
        assert choose_keys(user=annotator, keys=keys).keys == {}


def test_two_acts_may_change_places(annotator):
    choose_keys(user=annotator, keys={"skip": "u", "undo": "s"})

    assert own_keys(annotator) == {"skip": "u", "undo": "s"}


def test_the_page_is_told_the_keys(client, project, annotator):
    client.force_login(annotator)
    answer = client.post(reverse("show_keys"), {"skip": "x", "back": "//example.org/"})
    assert answer.headers["Location"] == reverse("show_keys")

    page = client.get(reverse("show_desk", args=[project.slug])).content.decode()

    assert '{"skip": "x"}' in page.split('id="desk-settings"')[1].split("</script>")[0]


def test_the_script_and_the_form_know_the_same_keys():
    found = dict(re.findall(r'(\w+): "([^"]+)"', SCRIPT.read_text().split("DEFAULTS = {")[1].split("}")[0]))

    assert {act: found.get(act) for act in ACTS} == ACTS
