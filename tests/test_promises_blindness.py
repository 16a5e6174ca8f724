"""Blind stays blind: nothing that an annotator's browser receives names a model, a score, another's answer, a
check or a judge's verdict (promise P9)."""

from __future__ import annotations

import math
import re
import uuid
from collections import Counter

import pytest
from django.test import Client

from annotate.models import Assignment, Candidate, Flag, Item
from annotate.rules.flow import FlowRules
from annotate.services.adjudicating import adjudicate
from annotate.services.assignments import lease_item
from annotate.services.gold import make_gold, make_traps
from annotate.services.images import keep_image
from annotate.services.judges import model_judge, recorded_judge
from annotate.services.judgments import record_judgment
from annotate.shuffling import shown_order
from curation.models import Score
from curation.services.recipes import save_recipe
from curation.services.releasing import freeze_release
from curation.services.routing import make_policy, route_items
from curation.services.settling import settle_items
from tests.factories import make_item, make_judge, make_member, make_png, make_project
from tests.reach_table import OPEN, ROLE_NEEDED, SIGNED_IN
from tests.test_reach import Route, routes

pytestmark = pytest.mark.django_db
CANARY = re.compile(rb"canary[0-9a-f]{32}")
LONG = " ".join(f"plain{n}" for n in range(30))


class Canaries:
    """Words that nobody guesses, each planted in one hidden field."""

    def __init__(self):
        self.planted = {}

    def __call__(self, place):
        word = f"canary{uuid.uuid4().hex}"
        self.planted[word.encode()] = place
        return word

    def found_in(self, content):
        """Which places speak in the content. All words look alike, and so one pass finds them all."""
        return sorted({self.planted[word] for word in CANARY.findall(content) if word in self.planted})


class Place:
    """A project in which everything that is hidden from annotators says a word of its own."""

    def __init__(self, *, items):
        self.canaries = canary = Canaries()
        self.project = make_project(overlap=3)
        kept = keep_image(project=self.project, name=canary("image file"), data=make_png())
        self.image = {"digest": kept.digest, "alt": "", "width": kept.width, "height": kept.height}
        self.project.flow = FlowRules(
            gold_percent=10, repeat_percent=5, trap_percent=5, suggestions=True
        ).as_dict()
        self.project.save()
        for number in range(items):
            self.plant(make_item(self.project, texts=(f"{LONG} one {number}", f"{LONG} two {number}")))
        for number in range(max(4, items // 10)):
            item = make_item(self.project, texts=(f"{LONG} one g{number}", f"{LONG} two g{number}"))
            self.plant(item)
            make_gold(
                item=item,
                accepted={"preference": ["first"]},
                explanation=canary("gold"),
            )
        make_traps(project=self.project, count=max(4, items // 10))
        for trap in Item.objects.filter(purpose="trap"):
            Candidate.objects.filter(item=trap).update(flags=[canary("corruption")])
        self.others()
        route_items(policy=make_policy(project=self.project, kind="everyone"))
        settle_items(project=self.project)
        recipe = save_recipe(project=self.project, name=canary("recipe"), steps=[{"step": "drop_undecided"}])
        freeze_release(project=self.project, recipe=recipe)

    def plant(self, item):
        canary = self.canaries
        item.meta = {canary("meta key"): canary("meta")}
        item.external_id = canary("external id")
        item.images = [self.image | {"name": canary("prompt image name")}]
        item.save()
        for candidate in item.candidates.all():
            candidate.model, candidate.revision = canary("model"), canary("revision")
            candidate.parameters, candidate.flags = {"x": canary("parameters")}, [canary("flags")]
            candidate.images = [self.image | {"name": canary("image name")}]
            candidate.save()
        first, second = item.candidates.order_by("position")
        Score.objects.create(
            item=item, first=first, second=second, scorer="length", revision=canary("score revision"),
            parameters_hash=canary("score parameters")[:40], value=0.25, details={"d": canary("score")},
        )  # fmt: skip

    def others(self):
        """Another person, a recorded one and a model have answered, with words of their own."""
        canary, project = self.canaries, self.project
        person = make_judge(project, name=canary("another annotator"))
        recorded = recorded_judge(project=project, kind="person", name=canary("recorded judge"))
        model = model_judge(
            project=project, name=canary("model judge"), version=canary("version"), settings={}
        )
        items = list(project.items.filter(purpose="work"))
        for item in items:
            for judge in (person, recorded, model):
                lease = lease_item(item=item, judge=judge, order=[0, 1], seated=False)
                record_judgment(
                    assignment=lease,
                    token=lease.lease_token,
                    answers={"preference": -2, "justification": canary("another answer")},
                    raw={"reply": canary("model reply")},
                )
        Flag.objects.create(
            assignment=Assignment.objects.filter(judge=person)[0], reason="other", text=canary("flag")
        )
        adjudicate(
            item=items[0],
            by=make_member(project, role="reviewer", name=canary("reviewer")),
            answers={"preference": 1},
            reason=canary("final reason"),
            seen=Assignment.objects.filter(item=items[0]).values_list("judgments__pk", flat=True),
        )


class Crawler:
    """An annotator who asks for everything there is, and answers item after item."""

    def __init__(self, place, number):
        self.place, self.project = place, place.project
        self.user = make_member(self.project)
        self.client = Client(raise_request_exception=True)
        self.client.force_login(self.user)
        self.responses = 0
        self.leaks = []
        self.statuses = Counter()
        self.number = number

    def ask(self, method, path, data=None, **headers):
        answer = getattr(self.client, method)(path, data or {}, **headers)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        head = repr(sorted(answer.headers.items())).encode() + repr(answer.cookies.output()).encode()
        self.responses += 1
        self.statuses[answer.status_code] += 1
        self.leaks += [(method, path, found) for found in self.place.canaries.found_in(head + body)]
        assert answer.status_code < 500, (method, path)
        return answer

    def crawl(self, ids):
        """Every URL, by every method, with ids of every kind; as a page, as a fragment and as JSON."""
        for route in routes():
            if route.name in OPEN | SIGNED_IN:
                self.each(Route(route.name, route.path), {})
                continue
            about = ROLE_NEEDED[route.name].about
            for pk in ids.get(about, [1]) if set(route.parts) - {"slug", "action"} else [1]:
                self.each(
                    route, {part: pk for part in route.parts} | {"slug": self.project.slug, "action": "retry"}
                )

    def each(self, route, values):
        path = route.filled(values)
        if route.name in ("logout", "login"):
            return
        for method in ("get", "post"):
            for headers in ({}, {"HX-Request": "true"}, {"Accept": "application/json"}):
                self.ask(method, path, headers=headers)

    def label(self, turns):
        """Answer as the desk's page does: read the form that came, and send it back."""
        slug = self.project.slug
        answer = self.ask("post", f"/p/{slug}/desk/next/", headers={"HX-Request": "true"})
        for _ in range(turns):
            form = hidden_fields(answer.content.decode())
            if "lease_token" not in form:
                return
            url = re.search(r'action="(/p/[^"]+/submit/)"', answer.content.decode()).group(1)
            sent = form | {"answer_preference": "-1", "seconds": "9"}
            self.ask("post", url.replace("submit", "draft"), sent)
            self.ask("post", url.replace("submit", "heartbeat"), sent)
            self.ask("post", url.replace("submit", "suggestion"), sent)
            answer = self.ask("post", url, sent, headers={"HX-Request": "true"})
        self.ask("get", f"/p/{slug}/mine/")
        for one in Assignment.objects.filter(judge__user=self.user).values_list("pk", flat=True)[:20]:
            self.ask("get", f"/p/{slug}/mine/{one}/")


def hidden_fields(page):
    names = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: value for name, value in names if name != "csrfmiddlewaretoken"}


def crawl(*, items, people, least):
    place = Place(items=items)
    seen, crawlers = 0, []
    for number in range(people):
        crawler = Crawler(place, number)
        crawlers.append(crawler)
        crawler.label(items + items // 2)
        own = list(Assignment.objects.filter(judge__user=crawler.user).values_list("pk", flat=True)[:2])
        foreign = list(Assignment.objects.exclude(judge__user=crawler.user).values_list("pk", flat=True)[:1])
        some = list(place.project.items.values_list("pk", flat=True)[:2])
        image = place.image["digest"]
        crawler.crawl({"assignment": [*own, *foreign], "item": [*some, 987_654_321], "image": [image]})
        seen += crawler.responses
    assert [leak for crawler in crawlers for leak in crawler.leaks] == []
    print(f"{seen} responses to {people} annotators, {len(place.canaries.planted)} hidden words, none met")
    assert seen >= least, seen
    statuses = sum((crawler.statuses for crawler in crawlers), Counter())
    assert statuses[200] > 2 * items * people
    met = Assignment.objects.filter(judge__user__in=[one.user for one in crawlers])
    assert set(met.values_list("item__purpose", flat=True)) >= {"work", "gold"}


def test_the_crawl_would_find_a_word_that_is_shown():
    place = Place(items=12)
    client = Client()
    client.force_login(make_member(place.project, role="lead"))
    item = place.project.items.filter(purpose="work")[0]

    page = client.get(f"/p/{place.project.slug}/items/{item.pk}/").content

    assert {"model", "meta", "another answer", "image name"} <= set(place.canaries.found_in(page))


def test_hundreds_of_responses_to_an_annotator_hold_no_hidden_word():
    crawl(items=12, people=1, least=400)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_thousand_responses_to_annotators_hold_no_hidden_word():
    crawl(items=80, people=6, least=5000)


def shape(page):
    """A page without its texts, numbers and names: what is left must be the same for every item."""
    page = re.sub(r'(value|action|href|data-[a-z-]+|formaction|hx-post)="[^"]*"', r'\1=""', page)
    return re.sub(r">[^<]*<", "><", page)


def test_a_check_looks_like_work():
    place = Place(items=30)
    crawler = Crawler(place, 0)
    answer = crawler.ask("post", f"/p/{place.project.slug}/desk/next/", headers={"HX-Request": "true"})
    shapes, headers = {}, {}
    for _ in range(45):
        page = answer.content.decode()
        form = hidden_fields(page)
        if "lease_token" not in form:
            break
        lease = Assignment.objects.select_related("item").get(lease_token=form["lease_token"])
        kind = "repeat" if lease.round else lease.item.purpose
        shapes.setdefault(kind, set()).add(shape(page))
        headers.setdefault(kind, set()).add(tuple(sorted(set(answer.headers) - {"Content-Length"})))
        url = re.search(r'action="(/p/[^"]+/submit/)"', page).group(1)
        answer = crawler.ask(
            "post", url, form | {"answer_preference": "1", "seconds": "5"}, headers={"HX-Request": "true"}
        )

    assert set(shapes) >= {"work", "gold"}
    work = shapes.pop("work")
    assert [kind for kind, seen in shapes.items() if not seen <= work] == []
    assert len({seen for kinds in headers.values() for seen in kinds}) == 1


def test_the_total_does_not_tell_a_check_from_work():
    place = Place(items=30)
    crawler = Crawler(place, 0)
    answer = crawler.ask("post", f"/p/{place.project.slug}/desk/next/", headers={"HX-Request": "true"})
    totals = set()
    for _ in range(20):
        page = answer.content.decode()
        form = hidden_fields(page)
        totals.add(re.search(r"Item \d+ of (\d+)", page).group(1))
        url = re.search(r'action="(/p/[^"]+/submit/)"', page).group(1)
        answer = crawler.ask(
            "post", url, form | {"answer_preference": "1", "seconds": "5"}, headers={"HX-Request": "true"}
        )

    assert len(totals) == 1


def test_sides_are_balanced_and_cannot_be_read_off_an_id():
    """10,000 draws: the stored first is shown first half the time, whatever bit of the item's id is read."""
    drawn = [shown_order(11, "person:person-4:", f"{number:064x}", 2)[0] for number in range(10_000)]

    assert abs(sum(drawn) - 5000) < 2.58 * math.sqrt(2500)
    for bit in range(14):
        agree = sum((number >> bit) & 1 == first for number, first in enumerate(drawn))
        assert 0.48 <= agree / 10_000 <= 0.52
