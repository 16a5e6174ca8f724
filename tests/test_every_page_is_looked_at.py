"""No page is made without being looked at: the list that the pictures and the axe test walk is whole."""

from __future__ import annotations

from bench.lived_in import NO_PAGES, PAGES
from tests.test_reach import routes

VISITED = {name.partition(".")[0] for name in PAGES}
PASSED_OVER = set().union(*NO_PAGES.values())


def test_every_url_is_visited_or_said_to_be_no_page():
    named = {route.name for route in routes() if not route.path.startswith("api/")}

    assert named - VISITED - PASSED_OVER == set(), "enter it in PAGES or NO_PAGES of bench/lived_in.py"
    assert (VISITED | PASSED_OVER) - named == set(), "there is no such URL any more"
    assert set() == VISITED & PASSED_OVER


def test_what_is_said_to_be_an_act_answers_no_get(client, db, site_admin, project):
    """An address that begins to answer GET has become a page, and is to be entered as one."""
    client.force_login(site_admin)
    alone = [
        route
        for route in routes()
        if route.name in NO_PAGES["acts"] - {"set_language", "logout"} and route.parts == ["slug"]
    ]

    answers = {route.name: client.get(route.filled({"slug": project.slug})).status_code for route in alone}

    assert set(answers.values()) == {405}, answers
