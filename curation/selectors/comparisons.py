"""What judges said of the models behind the responses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from annotate.models import Candidate, Item, Project
from annotate.questions.questionnaire import Spec
from annotate.questions.settle_rules import SettleRules
from annotate.questions.verdicts import measured
from annotate.selectors.judgments import Cast

if TYPE_CHECKING:
    from curation.numerics.leaderboard import Comparison

# A slice needs so many comparisons to be worth a table, and there are at most so many of them.
LEAST_IN_SLICE = 20
MOST_SLICES = 12


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparisons of a project, and those of items with the same subject."""

    whole: list[Comparison]
    by_subject: dict[str, list[Comparison]] = field(default_factory=dict)

    def slices(self) -> dict[str, list[Comparison]]:
        large = {name: said for name, said in self.by_subject.items() if len(said) >= LEAST_IN_SLICE}
        largest = sorted(large, key=lambda name: (-len(large[name]), name))[:MOST_SLICES]
        return {name: large[name] for name in sorted(largest)}


@dataclass(frozen=True, slots=True)
class Sides:
    """Which model wrote each candidate, by item and position, and each item's subject."""

    models: dict[int, dict[int, str]]
    subjects: dict[int, str]


def sides_of(project: Project) -> Sides:
    models: dict[int, dict[int, str]] = defaultdict(dict)
    rows = Candidate.objects.filter(item__project=project).exclude(model="")
    for item, position, model in rows.values_list("item_id", "position", "model"):
        models[item][position] = model
    told = Item.objects.filter(project=project, meta__has_key="subject") if models else Item.objects.none()
    subjects = {
        pk: subject for pk, subject in told.values_list("pk", "meta__subject") if isinstance(subject, str)
    }
    return Sides(dict(models), subjects)


def comparisons_of(casts: Sequence[Cast], spec: Spec | None, rules: SettleRules, sides: Sides) -> Compared:
    """Each answer to the question of the verdict as an order of models; what tells no two models apart, or
    shows one model twice, is passed over."""
    from curation.numerics.leaderboard import Comparison

    found = Compared([])
    for cast in casts:
        models = sides.models.get(cast.item_id, {})
        if spec is None or spec.key not in cast.answers or len(models) < 2:
            continue
        groups = _order(spec, rules, cast, models)
        named = [name for group in groups for name in group]
        if len(named) < 2 or len(set(named)) < len(named):
            continue
        said = Comparison(cast.judge_id, groups)
        found.whole.append(said)
        if subject := sides.subjects.get(cast.item_id):
            found.by_subject.setdefault(subject, []).append(said)
    return found


def _order(
    spec: Spec, rules: SettleRules, cast: Cast, models: Mapping[int, str]
) -> tuple[tuple[str, ...], ...]:
    """Models in groups from best to worst."""
    answer: Any = cast.answers[spec.key]
    heights = measured(spec, rules, answer, cast.positions)
    groups: dict[float, list[str]] = defaultdict(list)
    for position, height in heights.items():
        if position in models:
            groups[-height].append(models[position])
    return tuple(tuple(sorted(groups[height])) for height in sorted(groups))
