"""Which column is which: the first rows of an upload as they would come in, before anything does."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from annotate.enums import ImportMode, Role
from annotate.http import person, wants_fragment
from annotate.language import said
from annotate.models import Project
from annotate.readers.faults import RowFault
from annotate.readers.foreign.mapping import FIELDS, guess, mapped
from annotate.readers.foreign.source import Found
from annotate.readers.limits import DEFAULT_LIMITS
from annotate.readers.rows import FileRefused
from annotate.readers.shapes import Place, Shape, read_row
from annotate.selectors.uploads import FirstRecords, first_records, upload_path
from annotate.services.importing import enqueue_import
from curation.forms import MappingForm
from curation.views.frame import attempt, door, page

SALT = "winnow.import-mapping"
# Whoever uploaded a file today says what is in it today.
LASTS = 24 * 3600


def mapping_address(project: Project, *, upload: str, name: str) -> str:
    """The page for this upload of this project; its ticket is signed, and so names no other file."""
    ticket = signing.dumps({"upload": upload, "name": name, "project": project.pk}, salt=SALT, compress=True)
    return reverse("map_import", args=[project.slug, ticket])


@require_http_methods(["GET", "POST"])
def map_import(request: HttpRequest, slug: str, ticket: str) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    kept = read_ticket(project, ticket)
    path = upload_path(kept["upload"])
    if not path.is_file():
        raise Http404
    try:
        first = first_records(path)
    except FileRefused as refusal:
        defect = refusal.defects[0]
        return page(
            request,
            "curation/import_mapping.html",
            project,
            tab="show_import",
            status=422,
            name=kept["name"],
            trouble=f"{said(defect.place)}: {said(defect.message)}. {said(defect.cure)}",
        )
    form = MappingForm(request.POST or None, columns=first.columns, initial=guess(first.columns))
    if request.method == "POST" and form.is_valid():
        mapping = form.mapping()

        def ask() -> object:
            return enqueue_import(
                project=project,
                upload=kept["upload"],
                name=kept["name"],
                mode=ImportMode(form.cleaned_data["mode"]),
                by=person(request),
                mapping=mapping,
            )

        if attempt(request, form, ask) is not None:
            return redirect("show_import", project.slug)
    return page(
        request,
        "curation/_mapping_preview.html" if wants_fragment(request) else "curation/import_mapping.html",
        project,
        tab="show_import",
        status=422 if request.method == "POST" else 200,
        name=kept["name"],
        form=form,
        preview=preview(first, chosen_mapping(request, first)),
        shown_fields=[name for name in FIELDS if name != "id"],
    )


def read_ticket(project: Project, ticket: str) -> dict[str, Any]:
    """What the ticket names; one of another project, or of yesterday, does not exist."""
    try:
        kept: dict[str, Any] = signing.loads(ticket, salt=SALT, max_age=LASTS)
    except signing.BadSignature as trouble:
        raise Http404 from trouble
    if kept["project"] != project.pk:
        raise Http404
    return kept


def chosen_mapping(request: HttpRequest, first: FirstRecords) -> dict[str, str]:
    sent = request.POST if request.method == "POST" else request.GET
    if not any(name in sent for name in FIELDS):
        return guess(first.columns)
    return {name: sent[name] for name in FIELDS if sent.get(name) in first.columns}


def preview(first: FirstRecords, mapping: dict[str, str]) -> list[dict[str, Any]]:
    """Each of the first rows as an item, or why it is none: checked exactly as the import checks it."""
    if not mapping.get("prompt"):
        return []
    records = (Found(0, number, record) for number, record in enumerate(first.records, start=1))
    shown = []
    for made in mapped(mapping)(records):
        place, fault = made if isinstance(made, tuple) else (made, None)
        try:
            if fault is not None:
                raise fault
            item = read_row(place.row, at=Place(0, place.number), expected=Shape.OWN, limits=DEFAULT_LIMITS)
            shown.append({"number": place.number, "item": item})
        except RowFault as found:
            shown.append({"number": place.number, "fault": found})
    return shown
