from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotate.errors import (
    InvalidAnswer,
    InvalidSetting,
    KeyReused,
    LeaseLost,
    StaleEdit,
    UnlikelyAnswer,
    WinnowError,
)

STATUS_OF: dict[type[WinnowError], int] = {
    LeaseLost: 409,
    KeyReused: 409,
    StaleEdit: 412,
    InvalidAnswer: 422,
    UnlikelyAnswer: 422,
    InvalidSetting: 422,
}


def answer_refusals(trouble: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an anticipated refusal into its status, with code, field and cure; the rest is DRF's."""
    if isinstance(trouble, WinnowError):
        return Response(trouble.as_dict(), status=STATUS_OF.get(type(trouble), 409))
    return exception_handler(trouble, context)
