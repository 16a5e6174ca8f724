"""One person's keys: a small form, the same for every project."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotate.errors import InvalidSetting
from annotate.forms import KeysForm
from annotate.http import person
from annotate.language import refusal
from annotate.selectors.keyboards import own_keys
from annotate.services.keyboards import choose_keys


@require_http_methods(["GET", "POST"])
def show_keys(request: HttpRequest) -> HttpResponse:
    form = KeysForm(request.POST or None, initial=own_keys(person(request)))
    back = request.POST.get("back") or request.GET.get("back", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = ""
    if request.method == "POST" and form.is_valid():
        try:
            choose_keys(user=person(request), keys=form.cleaned_data)
        except InvalidSetting as trouble:
            form.add_error(trouble.field, refusal(trouble))
        else:
            messages.success(request, _("Your keys are kept."), extra_tags="good")
            return redirect(back or "show_keys")
    status = 422 if form.errors else 200
    return render(request, "annotate/keys.html", {"form": form, "back": back}, status=status)
