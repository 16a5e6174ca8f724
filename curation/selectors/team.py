"""How far the team is, and honestly how long the rest may take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from annotate.enums import ItemPurpose, JudgeKind, JudgmentState
from annotate.models import Item, Judge, Judgment, Project
from annotate.rules.outlook import Outlook, days_left
from curation.selectors.quality import people_of

# The latest days on which anybody worked, out of so many days.
DAYS = 30


@dataclass(frozen=True, slots=True)
class TeamProgress:
    """``days`` has the judgments of each day on which there were any, the earliest first; ``outlook`` is in
    working days."""

    wanted: int
    answered: int
    held: int
    days: list[tuple[date, int]]
    outlook: Outlook | None
    people: list[Judge]

    @property
    def busiest(self) -> int:
        """The most judgments of one day."""
        return max((count for _day, count in self.days), default=0)

    @property
    def left(self) -> int:
        return max(0, self.wanted - self.answered)


def team_progress(project: Project, *, at: datetime) -> TeamProgress:
    work = Item.objects.filter(project=project, purpose=ItemPurpose.WORK)
    seats = work.aggregate(wanted=Sum("seats_wanted"), taken=Sum("seats_taken"))
    held = work.filter(assignments__seated=True, assignments__state="leased").count()
    answered = (seats["taken"] or 0) - held
    days = judgments_by_day(project, since=at - timedelta(days=DAYS))
    # Today is not over.
    whole = [count for day, count in days if day < at.date()]
    return TeamProgress(
        wanted=seats["wanted"] or 0,
        answered=answered,
        held=held,
        days=days,
        outlook=days_left(whole[-10:], max(0, (seats["wanted"] or 0) - answered)),
        people=list(people_of(project).annotate(n_today=_on(at))[:200]),
    )


def judgments_by_day(project: Project, *, since: datetime) -> list[tuple[date, int]]:
    """What people answered about the work, by day."""
    made = Judgment.objects.filter(
        assignment__item__project=project,
        assignment__item__purpose=ItemPurpose.WORK,
        assignment__judge__kind=JudgeKind.PERSON,
        assignment__judge__recorded=False,
        state=JudgmentState.CURRENT,
        made_at__gte=since,
    )
    rows = made.annotate(day=TruncDate("made_at")).values_list("day").annotate(n=Count("pk"))
    return list(rows.order_by("day"))


def _on(at: datetime) -> Count:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Count("assignments", filter=Q(assignments__state="done", assignments__done_at__gte=midnight))
