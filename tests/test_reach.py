"""No object of another project is reachable: a matrix made from the URL table itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from annotate.enums import JobKind, Role
from annotate.models import Flag, Item, Job, Membership
from annotate.selectors.uploads import upload_path
from annotate.services.assignments import lease_item
from annotate.services.images import keep_image
from annotate.services.judges import judge_of, model_judge
from annotate.services.judgments import record_judgment
from annotate.services.projects import create_project
from curation.models import Generator
from curation.services.recipes import save_recipe
from curation.services.releasing import freeze_release
from curation.services.settling import settle_items
from curation.views.import_mapping import mapping_address
from tests.factories import make_png
from tests.reach_table import OPEN, ROLE_NEEDED, SIGNED_IN

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "put", "delete")
ABSENT = 987_654_321
ROLES = ("anonymous", "annotator", "reviewer", "lead", "lead elsewhere", "annotator elsewhere", "site admin")
RANK = {Role.ANNOTATOR: 0, Role.REVIEWER: 1, Role.LEAD: 2}


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    path: str

    @property
    def parts(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.path)

    def filled(self, values: dict[str, object]) -> str:
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found.group(1)]), self.path)


def routes(patterns=None, prefix: str = "") -> Iterator[Route]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield Route(pattern.name or "", path)


def make_place(slug: str, lead: User) -> dict[str, dict[str, object]]:
    """A project with one of everything that a URL can name; values by URL name's kind of ``pk``."""
    project = create_project(name=slug, slug=slug, lead=lead, guidelines="Be fair.")
    item = Item.objects.create(
        project=project,
        key=slug.ljust(64, "0"),
        external_id=f"{slug}-item",
        group_key="0" * 64,
        prompt=[{"role": "user", "content": f"secret of {slug}"}],
        seats_wanted=1,
    )
    for position in (0, 1):
        item.candidates.create(
            position=position,
            text=f"{slug} {position}",
            text_hash="0" * 64,
            origin="imported",
            origin_key=str(position),
        )
    assignment = lease_item(item=item, judge=judge_of(project=project, user=lead), order=[0, 1], seated=False)
    model = lease_item(
        item=item,
        judge=model_judge(project=project, name="m", version="1", settings={}),
        order=[0, 1],
        seated=False,
    )
    record_judgment(assignment=model, token=model.lease_token, answers={"preference": 1})
    settle_items(project=project)
    recipe = save_recipe(project=project, name="r", steps=[{"step": "drop_undecided"}])
    return {
        "slug": slug,
        "item": item.pk,
        "assignment": assignment.pk,
        "job": Job.objects.create(project=project, kind=JobKind.SETTLE, key=slug.ljust(64, "1")).pk,
        "recipe": recipe.pk,
        "release": freeze_release(project=project, recipe=recipe).version,
        "question": project.questions.get(key="justification").pk,
        "judge": judge_of(project=project, user=lead).pk,
        "flag": Flag.objects.create(assignment=assignment, reason="broken").pk,
        "guideline": project.guidelines.get().pk,
        "generator": Generator.objects.create(project=project, name="writer").pk,
        "member": Membership.objects.get(project=project, user=lead).pk,
        "user": lead.pk,
        "image": keep_image(project=project, name="one.png", data=make_png(slug), by=lead).digest,
        "upload": mapping_address(project, upload=keep_table(slug), name="table.csv").split("/")[-2],
    }


def keep_table(name: str) -> str:
    upload_path(f"{name}.csv").write_text("question,answer1,answer2\nWhy?,So.,No.\n")
    return f"{name}.csv"


@pytest.fixture
def places(db):
    leads = {name: User.objects.create_user(username=f"lead of {name}") for name in ("here", "there")}
    return {name: make_place(name, lead) for name, lead in leads.items()}


@pytest.fixture
def clients(places):
    people = {"anonymous": None, "site admin": User.objects.create_superuser(username="site admin")}
    for name, slug, role in (
        ("annotator", "here", Role.ANNOTATOR),
        ("reviewer", "here", Role.REVIEWER),
        ("lead", "here", Role.LEAD),
        ("lead elsewhere", "there", Role.LEAD),
        ("annotator elsewhere", "there", Role.ANNOTATOR),
    ):
        people[name] = User.objects.create_user(username=name)
        Membership.objects.create(project_id=_project_id(slug), user=people[name], role=role)
    made = {}
    for name, user in people.items():
        made[name] = Client(raise_request_exception=True)
        if user is not None:
            made[name].force_login(user)
    return made


def _project_id(slug: str) -> int:
    return Item.objects.get(external_id=f"{slug}-item").project_id


def values_of(
    route: Route, place: dict[str, object], *, ids: str, other: dict[str, object]
) -> dict[str, object]:
    """Fill the URL: ``own`` ids, ``foreign`` ids in my project's path, or ``absent`` ones."""
    kind = ROLE_NEEDED[route.name].about
    # A row of the recipe that the query names: its place is no id of anything.
    chosen: dict[str, object] = {"slug": place["slug"], "action": "retry", "place": 0}
    for part in route.parts:
        if part in chosen:
            continue
        source = {"own": place, "foreign": other}.get(ids)
        chosen[part] = source[kind] if source is not None else ABSENT
    return chosen


def send(client: Client, method: str, path: str):
    asked = {} if method == "get" else {"content_type": "application/json"}
    answer = getattr(client, method)(path, **asked)
    if answer.streaming:
        # Read to its end, which closes the file; close() would end the test's database connection as well.
        list(answer.streaming_content)
    return answer


def seen(answer) -> tuple[int, bytes]:
    """What a caller can tell answers apart by; the form token is another on every page, and where to go back
    to after a change of language is the address that they asked for themselves."""
    body = b"" if answer.streaming else answer.content
    own = rb'("X-CSRFToken": "|csrfmiddlewaretoken" value="|name="next" value=")[^"]+'
    return answer.status_code, re.sub(own, b"", body)


SCOPED = [route for route in routes() if "slug" in route.parts]


def test_every_url_has_a_row_in_the_table():
    known = set(ROLE_NEEDED) | OPEN | SIGNED_IN

    assert {route.name for route in routes()} - known == set()


@pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.name)
def test_a_stranger_meets_the_same_404_for_our_project_and_for_none(route, places, clients):
    here = values_of(route, places["here"], ids="own", other=places["there"])
    nowhere = here | {"slug": "nowhere"}

    for name in ("lead elsewhere", "annotator elsewhere"):
        for method in METHODS:
            found = send(clients[name], method, route.filled(here))
            absent = send(clients[name], method, route.filled(nowhere))
            assert found.status_code in (404, 405), (name, method)
            assert seen(found) == seen(absent), (name, method)


@pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.name)
def test_nobody_signed_out_gets_in(route, places, clients):
    path = route.filled(values_of(route, places["here"], ids="own", other=places["there"]))

    for method in METHODS:
        answer = send(clients["anonymous"], method, path)
        if path.startswith("/api/"):
            assert answer.status_code in (401, 403), method
        else:
            assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/login/"), method


@pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.name)
def test_members_of_a_lesser_role_are_refused(route, places, clients):
    path = route.filled(values_of(route, places["here"], ids="own", other=places["there"]))
    needed = ROLE_NEEDED[route.name]

    for role in (Role.ANNOTATOR, Role.REVIEWER):
        for method in METHODS:
            if RANK[role] >= RANK[needed.role_for(method)]:
                continue
            answer = send(clients[role.value], method, path)
            assert answer.status_code in (403, 404, 405), (role, method)


OF_OBJECTS = [route for route in SCOPED if set(route.parts) - {"slug", "action", "place"}]


@pytest.mark.parametrize("route", OF_OBJECTS, ids=lambda route: route.name)
def test_another_projects_object_in_my_projects_path_is_the_same_404_as_none(route, places, clients):
    if ROLE_NEEDED[route.name].about == "release":
        pytest.skip("releases are numbered from one in each project, so a foreign number names one's own")
    for name in ("lead", "site admin"):
        for method in METHODS:
            mixed = values_of(route, places["here"], ids="foreign", other=places["there"])
            absent = values_of(route, places["here"], ids="absent", other=places["there"])
            found = send(clients[name], method, route.filled(mixed))
            missing = send(clients[name], method, route.filled(absent))
            assert found.status_code in (404, 405), (name, method)
            assert seen(found) == seen(missing), (name, method)


@pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.name)
def test_those_who_may_read_do_not_crash_the_page(route, places, clients):
    path = route.filled(values_of(route, places["here"], ids="own", other=places["there"]))

    for name in ("lead", "site admin"):
        answer = send(clients[name], "get", path)
        assert answer.status_code in (200, 302, 404, 405, 409), (name, answer.status_code)
