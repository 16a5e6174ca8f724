"""What a caller may expect to go wrong, each with a word for the person who meets it."""

from __future__ import annotations

from typing import Any


class WinnowError(Exception):
    """An anticipated refusal. ``code`` is stable, ``cure`` says what to do."""

    code = "refused"
    cure = ""

    def __init__(self, message: str, *, field: str = "", cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.cure = cure or self.cure

    def as_dict(self) -> dict[str, Any]:
        """The refusal as the API, the commands and a job's result show it."""
        return {"error": self.code, "message": self.message, "field": self.field, "cure": self.cure}


class LeaseLost(WinnowError):
    code = "lease_lost"
    cure = "Your text is kept. Take the next item; this one went to someone else."


class InvalidAnswer(WinnowError):
    code = "invalid_answer"


class UnlikelyAnswer(WinnowError):
    """The answers can be kept, but two of them hardly go together: their judge has to say so."""

    code = "unlikely_answer"
    cure = "Change one of the two answers, or submit again to keep both."


class KeyReused(WinnowError):
    code = "key_reused"
    cure = "Send every submission with a key of its own."


class StaleEdit(WinnowError):
    code = "stale_edit"
    cure = "Reload the page, look at what changed, and make your change again."


class NothingToDo(WinnowError):
    code = "nothing_to_do"


class InvalidSetting(WinnowError):
    code = "invalid_setting"


class SpendCapReached(WinnowError):
    code = "spend_cap_reached"
    cure = "Raise the judge's spend cap, then try the job again: what was answered is kept."


class JudgeStopped(WinnowError):
    code = "judge_stopped"


class ImportRefused(WinnowError):
    """The file was not taken; ``defects`` say where and why, ``run_id`` names the record of it."""

    code = "import_refused"

    def __init__(self, message: str, *, defects: list[dict[str, Any]], total: int, cure: str = "") -> None:
        super().__init__(message, cure=cure)
        self.defects = defects
        self.total = total

    def as_dict(self) -> dict[str, Any]:
        return super().as_dict() | {"defects": self.defects, "total": self.total}
