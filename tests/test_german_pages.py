"""A lead who reads German meets no English sentence on any page of a project that was worked in."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from bench.lived_in import PLAIN

# Words of English sentences that no German one has.
ENGLISH = {
    *("the", "and", "of", "with", "not", "are", "this", "that", "each", "have", "has", "been", "by", "yet"),
    *("which", "their", "from", "what", "who", "its", "for", "than", "where", "when", "as", "were", "does"),
    *("or", "only"),
}
ALONE = {"input", "br", "hr", "img", "meta", "link", "path", "source", "circle", "line", "rect"}
READ = ("aria-label", "title", "placeholder", "alt")


class Said(HTMLParser):
    """What a page says itself: no code, no script, no text of somebody else."""

    def __init__(self, page):
        super().__init__()
        self.words, self.silent = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.words += [given[name] for name in READ if given.get(name)]
        others = given.get("dir") == "auto" or "mono" in (given.get("class") or "")
        if tag not in ALONE:
            self.silent.append(others or tag in ("script", "style", "code", "pre", "kbd", "textarea"))

    def handle_endtag(self, tag):
        if tag not in ALONE:
            self.silent.pop()

    def handle_data(self, data):
        if not any(self.silent):
            self.words.append(" ".join(data.split()))

    def english(self):
        return [one for one in self.words if ENGLISH & set(re.findall(r"[a-z]+", one.lower()))]


def test_english_is_found():
    page = '<p>Wer<b title="Which of them">was</b><code>the</code></p><p dir="auto">and</p><p>Not yet<br></p>'

    assert Said(page).english() == ["Which of them", "Not yet"]


@pytest.fixture
def worked_in(project):
    """One of each: what was asked, answered, scored, routed, settled and released."""
    from curation.services.generators import save_generator
    from curation.services.recipes import default_steps, save_recipe
    from curation.services.releasing import freeze_release
    from curation.services.routing import make_policy, route_items
    from curation.services.scoring import score_items
    from curation.services.settling import ask_to_settle
    from tests.factories import make_item, make_judge, make_judgment, make_model_judge
    from workers.running import work_off

    # A lead writes questions in a language of their own.
    project.questions.update(text="Welche Antwort ist besser?")
    judges = [make_judge(project), make_judge(project), make_model_judge(project)]
    for number in range(4):
        item = make_item(project, texts=(f"Erste {number}", f"Zweite {number}"))
        for place, judge in enumerate(judges):
            make_judgment(item, judge, (2, -1, 1)[(place + number) % 3])
    save_generator(project=project, name="Schreiber")
    route_items(policy=make_policy(project=project, kind="everyone"))
    score_items(project=project, scorer="features")
    ask_to_settle(project=project)
    work_off()
    recipe = save_recipe(project=project, name="Rezept", steps=default_steps(project))
    freeze_release(project=project, recipe=recipe)
    return project


@pytest.mark.django_db
def test_no_page_of_a_project_says_an_english_sentence(client, worked_in, lead):
    client.force_login(lead)
    client.post(reverse("set_language"), {"language": "de"})
    recipe, release, item = worked_in.recipes.get(), worked_in.releases.get(), worked_in.items.first()
    pages = [reverse(name, args=[worked_in.slug]) for name in PLAIN.split()]
    pages += [
        reverse("show_recipe", args=[worked_in.slug, recipe.pk]),
        reverse("show_release", args=[worked_in.slug, release.version]),
        reverse("evaluate_release", args=[worked_in.slug, release.version]),
        reverse("show_item", args=[worked_in.slug, item.pk]),
        *(reverse("show_judge", args=[worked_in.slug, one.pk]) for one in worked_in.judges.filter(user=None)),
    ]

    found = {}
    for page in pages:
        reply = client.get(page)
        assert reply.status_code == 200, page
        if english := Said(reply.content.decode()).english():
            found[page] = english

    assert found == {}
