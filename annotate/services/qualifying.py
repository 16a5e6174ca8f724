"""The test before the work: who passes goes on, who does not waits for the lead."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from annotate.enums import AssignmentState, ItemPurpose, JudgeStanding
from annotate.models import Judge, Project
from annotate.selectors.checks import checked_answers


def grade_qualification(*, project: Project, judge: Judge, pass_mark: int) -> bool:
    """Grade a judge who has had every item of the test; True when they may go on to the work.

    What was passed on counts as not right. A project without test items lets everybody in, and does not
    note it: the test may still come.
    """
    test = judge.assignments.filter(item__purpose=ItemPurpose.QUALIFICATION)
    if test.filter(state=AssignmentState.LEASED).exists():
        return False
    of = test.exclude(state=AssignmentState.EXPIRED).count()
    if not of:
        return not project.items.filter(purpose=ItemPurpose.QUALIFICATION).exists()
    right = sum(one.right for one in checked_answers(project, judge=judge, purpose=ItemPurpose.QUALIFICATION))
    passed = 100 * right >= pass_mark * of
    now = {"qualified_at": timezone.now()} if passed else {"standing": JudgeStanding.FAILED}
    Judge.objects.filter(Q(qualified_at=None), pk=judge.pk, standing=JudgeStanding.ACTIVE).update(**now)
    judge.refresh_from_db(fields=["qualified_at", "standing"])
    return judge.qualified_at is not None and judge.standing == JudgeStanding.ACTIVE


def let_in(*, judge: Judge) -> Judge:
    """The lead lets somebody work whatever the test said."""
    Judge.objects.filter(pk=judge.pk).update(qualified_at=timezone.now(), standing=JudgeStanding.ACTIVE)
    judge.refresh_from_db()
    return judge
