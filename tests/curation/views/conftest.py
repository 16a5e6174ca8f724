from __future__ import annotations

import pytest

from tests.factories import make_item, make_judge, make_judgment


@pytest.fixture
def sign_in(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def judged(project):
    """Three items, each with one person's judgment."""
    judge = make_judge(project)
    items = [make_item(project, texts=(f"first {n}", f"second {n}")) for n in range(3)]
    for item in items:
        make_judgment(item, judge, -2)
    return items


@pytest.fixture
def settled(project, judged):
    from curation.services.settling import settle_items

    settle_items(project=project)
    return judged


@pytest.fixture
def recipe(project, settled):
    from curation.services.recipes import save_recipe

    return save_recipe(project=project, name="Clean", steps=[{"step": "drop_undecided"}])
