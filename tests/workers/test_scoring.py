from __future__ import annotations

import pytest

from tests.factories import make_item
from workers.scoring import ches_scores

pytestmark = pytest.mark.django_db


def test_responses_to_two_prompts_get_no_ches_and_a_flag(project):
    item = make_item(project)
    first, second = item.candidates.order_by("position")
    second.prompt = [{"role": "user", "content": "another prompt"}]

    _revision, _parameters, scores = ches_scores([(item, first, second)], {})

    made = list(scores)
    assert [(one.value, one.flags) for one in made] == [(None, ("own_prompts",))]
