"""The content policy's header, built once: it is the same on all pages but the few that ask for another."""

from __future__ import annotations

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponseBase


class ContentPolicyMiddleware(CSPMiddleware):  # type: ignore[misc]  # django-csp has no types
    """django-csp, which puts the header together anew for every response."""

    _usual = ""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        unusual = any(name.startswith("_csp_") for name in (*vars(request), *vars(response)))
        # A view that sets a header of its own, as that of pictures does, speaks for itself alone.
        unusual = unusual or HEADER in response
        if self._usual and not unusual:
            response[HEADER] = self._usual
            return response
        response = super().process_response(request, response)
        if not unusual and response.status_code == 200:
            self._usual = response.get(HEADER, "")
        return response
