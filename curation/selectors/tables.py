"""From rows of the database to the table of settled pairs, a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from annotate.enums import JudgmentState, Verdict
from annotate.keys import canonical_json, content_key
from annotate.models import Candidate, Judge, Judgment, Project
from annotate.selectors.items import items_with
from annotate.selectors.judgments import Experts, experts_of
from annotate.selectors.questions import main_key, questionnaire_of, settle_rules_of
from curation.enums import Pool, Scorer
from curation.models import Estimate, Score
from curation.selectors.pairs import ln_ches_of

PAGE = 1000
# Raised when the columns change, so that no table of an earlier shape is read.
TABLE_SHAPE = 4
VERDICT_CODES = {name: code for code, name in enumerate(Verdict.values)}
ALONE: Mapping[str, Any] = {"text": None, "model": "", "revision": ""}
CHES_COLUMNS = ("ln_ches:first", "ln_ches:second")


@dataclass(frozen=True, slots=True)
class TableSource:
    """Which pairs, and which responses that were judged by themselves: a project's, as one pool settled them
    by one method. ``question``: the preference that
    the verdict is taken from; empty for the verdict of the project."""

    project: Project
    pool: Pool
    method: str
    question: str = ""

    @property
    def name(self) -> str:
        return f"{self.pool.value}-{self.question or 'verdict'}"

    @property
    def main(self) -> str:
        """The preference whose answers are the votes on a pair; empty where none is asked."""
        return self.question or main_key(self.project)

    def items(self) -> QuerySet[Any]:
        asked = {"estimates__values__has_key": self.question} if self.question else {}
        # Of single responses those that somebody has judged: where people wait for a pair, models may have.
        return items_with(self.project, candidates=1).filter(
            estimates__pool=self.pool, estimates__method=self.method, **asked
        )

    def stamp(self) -> str:
        """Names what the table would hold now: it changes whenever a row of it may have."""
        estimates = Estimate.objects.filter(item__project=self.project, method=self.method)
        scores = Score.objects.filter(item__project=self.project)
        judged = Judgment.objects.filter(assignment__item__project=self.project)
        experts = self.experts()
        settled = estimates.aggregate(n=Count("pk"), last=Max("made_at"), top=Max("pk"))
        return content_key(
            self.project.pk,
            self.pool.value,
            self.method,
            self.main,
            self.question,
            TABLE_SHAPE,
            [settled["n"], settled["top"], settled["last"].isoformat() if settled["last"] else None],
            list(scores.aggregate(n=Count("pk"), last=Max("pk")).values()),
            list(judged.aggregate(n=Count("pk"), last=Max("pk")).values()),
            self.items().count(),
            [sorted(experts.knows.items()), sorted(experts.asked.items())] if experts else None,
        )[:24]

    def experts(self) -> Experts | None:
        """Whose answers count among people, as the project settles now; None where everybody's do."""
        return experts_of(self.project, settle_rules_of(self.project, questionnaire_of(self.project)))

    def score_columns(self) -> list[str]:
        """Columns of the scores that the project's pairs have; CHES has one for each side chosen."""
        names = Score.objects.filter(item__project=self.project).values_list("scorer", flat=True)
        found = set(names.order_by().distinct())
        plain = sorted(found - {Scorer.CHES.value})
        return plain + (list(CHES_COLUMNS) if Scorer.CHES.value in found else [])


def table_rows(source: TableSource) -> Iterator[list[dict[str, Any]]]:
    """Rows of the table, a page at a time, in the order in which the items came."""
    people, experts = pseudonyms(source.project), source.experts()
    # Read once: it is a query, and there may be a million rows.
    main = source.main
    last = 0
    while True:
        page = list(
            source.items()
            .filter(pk__gt=last)
            .order_by("pk")
            .values("pk", "key", "external_id", "group_key", "prompt", "images", "meta")[:PAGE]
        )
        if not page:
            return
        last = page[-1]["pk"]
        yield _page_rows(source, page, people, experts, main)


def pseudonyms(project: Project) -> dict[int, str]:
    """Judges by the names that may leave the house: people by number, models by name and version."""
    found: dict[int, str] = {}
    people = 0
    for pk, kind, name, version in Judge.objects.filter(project=project).order_by("pk").values_list(
        "pk", "kind", "name", "version"
    ):  # fmt: skip
        if kind == "person":
            people += 1
            found[pk] = f"person-{people}"
        else:
            found[pk] = f"{name}@{version}" if version else name
    return found


def _page_rows(
    source: TableSource,
    page: Sequence[Mapping[str, Any]],
    people: Mapping[int, str],
    experts: Experts | None,
    main: str,
) -> list[dict[str, Any]]:
    # A page is every settled pair between its first and last: a range costs less than a thousand numbers.
    inside = (page[0]["pk"], page[-1]["pk"])
    about = Q(item_id__gte=inside[0], item_id__lte=inside[1], item__project=source.project)
    candidates = _by_item(
        Candidate.objects.filter(about).order_by("item_id", "position"),
        "item_id", "pk", "position", "text", "model", "revision", "prompt", "origin", "parameters", "seed",
        "images",
    )  # fmt: skip
    estimates = _estimates(source, Estimate.objects.filter(about, method=source.method))
    scores = _by_item(
        Score.objects.filter(about).order_by("item_id", "pk"),
        "item_id", "first_id", "scorer", "value", "details",
    )  # fmt: skip
    judgments = _judgments(source.project, inside, people, experts)
    rows = []
    for item in page:
        pk = item["pk"]
        if candidates[pk]:
            rows.append(_row(source, item, candidates[pk], estimates[pk], scores[pk], judgments[pk], main))
    return rows


def _estimates(source: TableSource, settled: QuerySet[Estimate]) -> dict[int, dict[str, Mapping[str, Any]]]:
    """What each pool came to, by item and pool; of other pools than the source's the verdict alone."""
    found: dict[int, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    read = ("item_id", "pool", "verdict", "preference", "confidence", "n_judges", "spread")
    others = settled.filter(pool__in={Pool.PEOPLE, Pool.MODELS} - {source.pool})
    # Reading JSON is most of the work, and without a question it is needed of one pool only.
    for rows in (
        settled.filter(pool=source.pool).values(*read, "values"),
        others.values(*read, *(["values"] if source.question else [])),
    ):
        for row in rows:
            told = row["values"].get(source.question) if source.question else row
            if told is not None:
                found[row["item_id"]][row["pool"]] = row | told if source.question else row
    return found


def _row(
    source: TableSource,
    item: Mapping[str, Any],
    candidates: Sequence[Mapping[str, Any]],
    estimates: Mapping[str, Mapping[str, Any]],
    scores: Sequence[Mapping[str, Any]],
    given: Sequence[tuple[bool, Mapping[str, Any]]],
    main: str,
) -> dict[str, Any]:
    # A response that was judged by itself is the first of a pair whose second side is missing.
    first, second = (*candidates, ALONE)[:2]
    estimate = estimates[source.pool.value]
    meta = item["meta"] or {}
    judgments = [one for _heard, one in given]
    heard = [one for counts, one in given if counts]
    counted = [one for one in heard if _in_pool(source.pool, one, heard)]
    return {
        "id": item["external_id"],
        "item_key": item["key"],
        "prompt_key": item["group_key"],
        "prompt": [{"role": turn["role"], "content": turn["content"]} for turn in item["prompt"]],
        "prompt_text": "\n".join(turn["content"] for turn in item["prompt"] if turn["role"] == "user"),
        "first": first["text"],
        "second": second["text"],
        "first_model": first["model"],
        "second_model": second["model"],
        "first_revision": first["revision"],
        "second_revision": second["revision"],
        "verdict": VERDICT_CODES[estimate["verdict"]],
        "preference": estimate["preference"],
        "confidence": estimate["confidence"],
        "n_judges": estimate["n_judges"],
        "spread": estimate["spread"],
        "people_verdict": _verdict(estimates, Pool.PEOPLE),
        "models_verdict": _verdict(estimates, Pool.MODELS),
        "votes": [vote for one in counted if (vote := _vote(one["answers"].get(main))) is not None],
        **_shown_first(judgments, main),
        "source": _word(meta, "source"),
        "subject": _word(meta, "subject"),
        "meta": canonical_json(meta),
        "images": canonical_json(item["images"]) if item["images"] else "",
        "candidates": canonical_json([_candidate(place, one) for place, one in enumerate(candidates)]),
        "judgments": canonical_json([dict(one) for one in judgments]),
        "ratings": canonical_json(settled_ratings(estimate["values"], len(candidates))),
        "standings": canonical_json(settled_standings(estimate["values"], len(candidates))),
    } | _scores(scores, first["pk"])


def settled_ratings(values: Mapping[str, Any], count: int) -> dict[str, list[float | None]]:
    """What the judges came to on each attribute for each candidate as stored, by the rule of its question.

    Only per-candidate ratings are read; of an attribute that two questions ask for, the mean.
    """
    found: dict[str, list[list[float]]] = {}
    for made in values.values():
        if made.get("kind") != "rating":
            continue
        for position, given in made["value"].items():
            if not (isinstance(given, dict) and int(position) < count):
                continue
            for name, value in given.items():
                places = found.setdefault(name, [[] for _ in range(count)])
                if value is not None:
                    places[int(position)].append(value)
    return {
        name: [sum(numbers) / len(numbers) if numbers else None for numbers in places]
        for name, places in sorted(found.items())
    }


def settled_standings(values: Mapping[str, Any], count: int) -> dict[str, list[float | None]]:
    """By question, how high each candidate as stored stands by what the judges came to."""
    return {
        key: [made["standing"].get(str(place)) for place in range(count)]
        for key, made in sorted(values.items())
        if made.get("standing")
    }


def _judgments(
    project: Project, inside: tuple[int, int], people: Mapping[int, str], experts: Experts | None
) -> dict[int, list[tuple[bool, dict[str, Any]]]]:
    """The current judgments by item, each with whether the project settles by it."""
    current = Judgment.objects.filter(
        assignment__item_id__gte=inside[0],
        assignment__item_id__lte=inside[1], assignment__item__project=project, state=JudgmentState.CURRENT,
        assignment__round=0,
    )  # fmt: skip
    found: dict[int, list[tuple[bool, dict[str, Any]]]] = defaultdict(list)
    for row in current.order_by("assignment__item_id", "assignment__judge_id").values(
        "assignment__item_id", "assignment__judge_id", "assignment__judge__kind", "answers", "shown_order",
        "seconds", "guideline__version",
    ):  # fmt: skip
        item, judge = row["assignment__item_id"], row["assignment__judge_id"]
        kind = row["assignment__judge__kind"]
        told = {
            "judge": people[judge],
            "kind": kind,
            "answers": row["answers"],
            "order": row["shown_order"],
            "seconds": row["seconds"],
            "guidelines": row["guideline__version"],
        }
        counts = experts is None or experts.count(judge=judge, kind=kind, item=item)
        found[item].append((counts, told))
    return found


def _in_pool(pool: Pool, one: Mapping[str, Any], every: Sequence[Mapping[str, Any]]) -> bool:
    if pool == Pool.TOGETHER:
        return True
    if pool == Pool.PEOPLE_FIRST:
        return one["kind"] == "person" or not any(other["kind"] == "person" for other in every)
    return bool(one["kind"] == ("person" if pool == Pool.PEOPLE else "model"))


def _verdict(estimates: Mapping[str, Mapping[str, Any]], pool: Pool) -> int:
    found = estimates.get(pool.value)
    return VERDICT_CODES[found["verdict"]] if found else -1


def _vote(given: Any) -> int | None:
    if given == "tie":
        return 0
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def _scores(scores: Sequence[Mapping[str, Any]], first_pk: int) -> dict[str, float | None]:
    """The latest score of each scorer about the stored pair."""
    found: dict[str, float | None] = {}
    for one in scores:
        if one["first_id"] != first_pk:
            continue
        if one["scorer"] == Scorer.CHES:
            for swapped, name in enumerate(CHES_COLUMNS):
                found[f"score:{name}"] = ln_ches_of(one["details"], swapped=bool(swapped))
        elif one["scorer"] == Scorer.STRENGTH and one["value"] is not None:
            # Kept towards the label of its day; here, as all scores that turn: the first over the second.
            found["score:strength"] = one["value"] * (-1 if one["details"].get("label") == "second" else 1)
        else:
            found[f"score:{one['scorer']}"] = one["value"]
    return found


def _shown_first(judgments: Sequence[Mapping[str, Any]], main: str) -> dict[str, int]:
    """How many judgments of each kind preferred a side, and how many of those the side shown first."""
    found = dict.fromkeys(("people_sides", "people_shown_first", "model_sides", "model_shown_first"), 0)
    for one in judgments:
        vote, order = _vote(one["answers"].get(main)), one["order"] or ()
        if vote and {0, 1} <= set(order):
            kind = "people" if one["kind"] == "person" else "model"
            preferred = int(vote > 0)
            found[f"{kind}_sides"] += 1
            found[f"{kind}_shown_first"] += order.index(preferred) < order.index(1 - preferred)
    return found


def _candidate(place: int, one: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a candidate; the texts of the first two have columns of their own."""
    kept = {name: one[name] for name in ("model", "revision", "prompt", "seed", "images") if one[name]}
    if one["origin"] == "generated":
        kept["parameters"] = one["parameters"]
    return kept if place < 2 else {"text": one["text"]} | kept


def _word(meta: Mapping[str, Any], name: str) -> str:
    value = meta.get(name)
    return value if isinstance(value, str) else ""


def _by_item(rows: QuerySet[Any], *names: str) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.values(*names):
        found[row["item_id"]].append(row)
    return found
