"""Pictures of how rows run through steps: a funnel piece per step, and a histogram that can be dragged."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from annotate.templatetags.charts import bars, figure, number

register = template.Library()

WIDTH, HEIGHT = 100.0, 28.0
AXIS = SafeString('<line class="axis" x1="0" x2="720" y1="150" y2="150"/>')


@register.simple_tag
def funnel_piece(before: Any, kept: Any, changed: Any, whole: Any, label: str = "") -> SafeString:
    """From what stood before a step to what it kept, as widths of the whole; what it changed is marked."""
    most = max(number(whole), 1.0)
    top, bottom, marked = (WIDTH * max(number(one), 0.0) / most for one in (before, kept, changed))
    return format_html(
        '<svg class="chart funnel" viewBox="0 0 {w} {h}" preserveAspectRatio="none" role="img"'
        ' aria-label="{l}">'
        '<polygon class="cut" points="0,0 {t},0 {t},{h} 0,{h}"/>'
        '<polygon class="kept" points="0,0 {t},0 {b},{h} 0,{h}"/>'
        '<rect class="models" x="0" y="{y}" width="{m}" height="4"/></svg>',
        w=figure(WIDTH), h=figure(HEIGHT), l=label or gettext("Kept"), t=figure(top), b=figure(bottom),
        y=figure(HEIGHT - 4), m=figure(min(marked, bottom)),
    )  # fmt: skip


@register.simple_tag
def draggable_histogram(found: Any, field: str = "", label: str = "") -> SafeString:
    """Counts per bin with the threshold as a slider; static/js/recipe.js moves it and writes the field.

    Without a parameter to drag, or a field to write, it is a picture alone.
    """
    counts = [max(number(count), 0.0) for count in found.counts]
    edges = [number(edge) for edge in found.edges]
    width, height, top = 720.0, 150.0, 10.0
    tallest = max(counts, default=0.0) or 1.0
    low, high = edges[0], edges[-1]
    span = (high - low) or 1.0
    line = None if found.threshold is None else number(found.threshold)
    rows = []
    for place, count in enumerate(counts):
        left, right = (
            (width * (edge - low) / span for edge in edges[place : place + 2]) if high > low else (0, width)
        )
        tall = (height - top) * count / tallest
        middle = (edges[place] + edges[place + 1]) / 2
        cut = line is not None and (middle > line if found.side == "above" else middle < line)
        rows.append(("cut" if cut else "kept", left + 1, height - tall, max(right - left - 2, 0.5), tall))
    inner = bars(rows) + AXIS
    if line is not None:
        at = figure(min(max((line - low) / span, 0.0), 1.0) * width)
        inner += format_html('<line class="threshold" x1="{0}" x2="{0}" y1="0" y2="150"/>', at)
    drags = bool(found.parameter and field)
    slider = format_html(
        ' data-histogram="{}" data-drags="{}" data-side="{}" data-low="{}" data-high="{}" data-counts="{}"'
        ' role="slider" tabindex="0" aria-valuemin="{}" aria-valuemax="{}" aria-valuenow="{}"',
        field, found.drags, found.side, repr(low), repr(high), ",".join(str(int(one)) for one in counts),
        repr(low), repr(high), repr(high if line is None else line),
    ) if drags else SafeString(' role="img"')  # fmt: skip
    return format_html(
        '<svg class="chart{}" viewBox="0 0 720 150" preserveAspectRatio="none" height="150"'
        ' aria-label="{}"{}>{}</svg>',
        " draggable" if drags else "", label or found.words or gettext("Histogram"), slider, inner,
    )  # fmt: skip
