"""A write that has to wait too long: 503, when to come back, and words for whoever waits.

Two processes may write at once, and one of them holds the lock for longer than the other waits. Nothing was
stored then, and the same request will do in a moment: the desk's page sends it again by itself.
"""

from __future__ import annotations

import sqlite3
import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.defaults import server_error

RETRY_AFTER = 5


def will_pass(trouble: BaseException | None) -> bool:
    """Whether the database could not do it just now: locked, in a deadlock, full, read-only or away.

    PostgreSQL's operational errors are all of that sort. SQLite's have a code, and one of them says that the
    statement itself is wrong.
    """
    if not isinstance(trouble, OperationalError):
        return False
    return getattr(trouble.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


def answer_error(request: HttpRequest) -> HttpResponse:
    """Django's handler of what no view and no middleware caught; called while the error is at hand."""
    if not will_pass(sys.exception()):
        return server_error(request)
    return come_back(request)


def come_back(request: HttpRequest) -> HttpResponse:
    message = _("The database is busy with other writes, so this was not stored.")
    cure = _("Wait a few seconds and send it again: what was taken already is not taken twice.")
    reply: HttpResponse
    if request.path.startswith("/api/"):
        refusal = {"error": "busy", "message": message, "field": "", "cure": cure}
        reply = JsonResponse(refusal, status=503)
    else:
        reply = render(request, "503.html", {"message": message, "cure": cure}, status=503)
    reply["Retry-After"] = str(RETRY_AFTER)
    return reply
