"""What is filled into a drawing looks as if it had been drawn afresh."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from annotate.enums import FlagReason
from annotate.selectors.desk import desk_item
from annotate.services.assignments import take_next
from tests.factories import make_item, make_judge, make_project

pytestmark = pytest.mark.django_db
TEXTS = ["Plain.\n\n- a *list*\n- <b>of</b> two", '100000000000000000 & "quotes" </div>']


def whole(name, context):
    """The templates as they are, with nothing kept."""
    return render_to_string(name, context, RequestFactory().get("/"))


@pytest.mark.parametrize("name", ["A < B & co", "100000000000000000"])
def test_the_desk_looks_as_if_it_had_been_drawn_afresh(name):
    project = make_project(name=name)
    make_item(project, seats=1, texts=TEXTS, prompt="Why <so> *much*?\n\n1. one")
    shown = desk_item(assignment=take_next(project=project, judge=make_judge(project)))
    context = {
        "project": project, "shown": shown, "place": 3, "total": 1234, "trouble": "", "unlikely": False,
        "suggests": True, "flag_reasons": FlagReason.choices,
    }  # fmt: skip

    drawn = whole("annotate/_desk.html", context)

    afresh = [whole(f"annotate/{part}.html", context) for part in ("_desk_item", "_desk_form")]
    for part in afresh:
        token = re.search(r'name="csrfmiddlewaretoken" value="\w+"', part)
        expected = part if token is None else part.replace(token[0], "")
        assert expected.strip() in re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", drawn)
