"""Small charts as inline SVG. Numbers only: no text of a user is ever drawn except as an escaped label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

register = template.Library()

PARTS = ("people", "models", "kept", "cut", "rest")


def number(value: Any) -> float:
    """A finite number, 0 for anything else: a chart never fails a page."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return 0.0
    return found if math.isfinite(found) else 0.0


def figure(value: float) -> str:
    """A coordinate with at most two decimals, never in a local spelling."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def frame(width: float, height: float, inner: SafeString, label: str, extra: str = "") -> SafeString:
    return format_html(
        '<svg class="chart {}" viewBox="0 0 {} {}" preserveAspectRatio="none" height="{}"'
        ' role="img" aria-label="{}">{}</svg>',
        extra, figure(width), figure(height), figure(height), label, inner,
    )  # fmt: skip


def bars(rows: Iterable[tuple[str, float, float, float, float]]) -> SafeString:
    """Rectangles as (class, x, y, width, height)."""
    return format_html_join(
        "", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        ((kind, figure(x), figure(y), figure(w), figure(h)) for kind, x, y, w, h in rows),
    )  # fmt: skip


@register.simple_tag
def split_bar(label: str = "", **parts: Any) -> SafeString:
    """Shares of a whole in one thin bar: people, models, kept, cut, rest."""
    sizes = [(name, max(number(parts.get(name)), 0.0)) for name in PARTS]
    whole = sum(size for _name, size in sizes)
    rows: list[tuple[str, float, float, float, float]] = [("track", 0, 0, 100, 6)]
    start = 0.0
    for name, size in sizes:
        if whole and size:
            rows.append((name, start, 0, 100 * size / whole, 6))
            start += 100 * size / whole
    return frame(100, 6, bars(rows), label or gettext("Shares"))


@register.simple_tag
def histogram(
    counts: Sequence[Any],
    low: Any = 0,
    high: Any = 1,
    threshold: Any = None,
    side: str = "above",
    label: str = "",
) -> SafeString:
    """Counts per equal bin from low to high; bins beyond the threshold are drawn as dropped."""
    heights = [max(number(count), 0.0) for count in counts]
    width, height, top = 720.0, 180.0, 12.0
    tallest = max(heights, default=0.0) or 1.0
    least, most = number(low), number(high)
    span = (most - least) or 1.0
    line = None if threshold is None or threshold == "" else number(threshold)
    step = width / max(len(heights), 1)
    rows = []
    for index, count in enumerate(heights):
        tall = (height - top) * count / tallest
        middle = least + span * (index + 0.5) / len(heights)
        dropped = line is not None and (middle > line if side == "above" else middle < line)
        rows.append(("cut" if dropped else "kept", index * step + 1, height - tall, max(step - 2, 0.5), tall))
    inner = bars(rows) + format_html(
        '<line class="axis" x1="0" x2="{}" y1="{}" y2="{}"/>', *map(figure, (width, height, height))
    )
    if line is not None:
        x = min(max((line - least) / span, 0.0), 1.0) * width
        inner += format_html(
            '<line class="threshold" x1="{0}" x2="{0}" y1="0" y2="{1}"/>', figure(x), figure(height)
        )
    return frame(width, height, inner, label or gettext("Histogram"))


@register.simple_tag
def curves(
    series: Sequence[Mapping[str, Any]], low: Any = 0, high: Any = 1, label: str = "", mark: Any = None
) -> SafeString:
    """Lines over 0..1 with bands: each a mapping with ``kind`` (a class), ``at``, ``values``, and ``low`` and
    ``high`` where it has a band. Drawn in the order given, the last on top. ``mark``: a place across that is
    pointed out. Both scales are named in percent, beside the picture, where they keep their size."""
    width, height = 720.0, 260.0
    least, span = number(low), (number(high) - number(low)) or 1.0

    def points(across: Sequence[Any], up: Sequence[Any]) -> list[str]:
        return [
            f"{figure(min(max(number(x), 0.0), 1.0) * width)},"
            f"{figure(height - min(max((number(y) - least) / span, 0.0), 1.0) * height)}"
            for x, y in zip(across, up, strict=False)
        ]

    rules = format_html_join(
        "", '<line class="rule" x1="0" x2="{0}" y1="{1}" y2="{1}"/>',
        ((figure(width), figure(height * step / 4)) for step in range(5)),
    )  # fmt: skip
    bands = format_html_join(
        "", '<polygon class="band {}" points="{}"/>',
        (
            (one["kind"], " ".join(points(one["at"], one["low"]) + points(one["at"], one["high"])[::-1]))
            for one in series
            if one.get("low") and one.get("high")
        ),
    )  # fmt: skip
    lines = format_html_join(
        "", '<polyline class="line {}" points="{}"/>',
        ((one["kind"], " ".join(points(one["at"], one["values"]))) for one in series),
    )  # fmt: skip
    pointed = SafeString("")
    if mark is not None:
        at = figure(min(max(number(mark), 0.0), 1.0) * width)
        pointed = format_html('<line class="pointed" x1="{0}" x2="{0}" y1="0" y2="{1}"/>', at, figure(height))
    return format_html(
        '<div class="scaled"><div class="ticks up" aria-hidden="true">{}</div>{}'
        '<div class="ticks across" aria-hidden="true">{}</div></div>',
        ticks(least + span * step / 4 for step in (4, 3, 2, 1, 0)),
        frame(width, height, rules + bands + lines + pointed, label or gettext("Curves")),
        ticks(step / 4 for step in range(5)),
    )


def ticks(shares: Iterable[float]) -> SafeString:
    return format_html_join("", "<span>{} %</span>", ((figure(100 * share),) for share in shares))


@register.simple_tag
def scatter(points: Sequence[Sequence[Any]], label: str = "") -> SafeString:
    """What was predicted (across) against what was seen (up), in standard deviations from −3 to 3."""
    side = 260.0

    def place(value: Any) -> float:
        return (min(max(number(value), -3.0), 3.0) + 3) / 6 * side

    dots = format_html_join(
        "", '<circle class="dot" cx="{}" cy="{}" r="2"/>',
        ((figure(place(one[0])), figure(side - place(one[1]))) for one in points),
    )  # fmt: skip
    diagonal = format_html('<line class="rule" x1="0" y1="{0}" x2="{0}" y2="0"/>', figure(side))
    return frame(side, side, diagonal + dots, label or gettext("Scatter"), "inline")


@register.simple_tag
def sparkline(values: Sequence[Any], label: str = "") -> SafeString:
    """A line through the values, evenly spaced."""
    heights = [number(value) for value in values]
    width, height = 120.0, 24.0
    if len(heights) < 2:
        return frame(width, height, SafeString(""), label or gettext("No line yet"), "inline")
    least, most = min(heights), max(heights)
    span = (most - least) or 1.0
    step = width / (len(heights) - 1)
    points = " ".join(
        f"{figure(index * step)},{figure(height - 2 - (height - 4) * (value - least) / span)}"
        for index, value in enumerate(heights)
    )
    return frame(
        width,
        height,
        format_html('<polyline class="curve" points="{}"/>', points),
        label or gettext("Trend"),
        "inline",
    )


@register.simple_tag
def interval_bar(
    value: Any, low: Any = None, high: Any = None, least: Any = -1, most: Any = 1, label: str = ""
) -> SafeString:
    """A value with its interval on a scale from least to most."""
    width, height = 120.0, 14.0
    start = number(least)
    span = (number(most) - start) or 1.0

    def place(at: Any) -> float:
        return min(max((number(at) - start) / span, 0.0), 1.0) * width

    inner = bars([("track", 0, 5, width, 4)])
    if low is not None and high is not None:
        inner += format_html(
            '<line class="whisker" x1="{}" x2="{}" y1="7" y2="7"/>', figure(place(low)), figure(place(high))
        )
    inner += bars([("mark", place(value) - 2, 1, 4, 12)])
    return frame(width, height, inner, label or gettext("Value"), "inline")


@register.simple_tag
def balance_bar(value: Any, kind: str = "people", label: str = "") -> SafeString:
    """A deviation from the middle, from -1 to 1."""
    width, height = 90.0, 14.0
    reach = min(max(number(value), -1.0), 1.0) * width / 2
    tone = kind if kind in PARTS else "rest"
    inner = format_html('<line class="axis" x1="45" x2="45" y1="1" y2="13"/>')
    inner += bars([(tone, width / 2 + min(reach, 0.0), 5, abs(reach), 4)])
    return frame(width, height, inner, label or gettext("Balance"), "inline")


@register.simple_tag
def reliability(points: Sequence[tuple[Any, Any, Any]], label: str = "") -> SafeString:
    """Dots of (said, came, how many) on a square from 0 to 1, with the line on which both are the same."""
    size, pad = 240.0, 26.0
    inside = size - 2 * pad
    most = max((number(count) for _said, _came, count in points), default=1.0) or 1.0

    def x(share: Any) -> float:
        return pad + inside * min(max(number(share), 0.0), 1.0)

    def y(share: Any) -> float:
        return size - x(share)

    grid = format_html_join(
        "",
        '<line class="grid" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
        '<line class="grid" x1="{1}" x2="{2}" y1="{0}" y2="{0}"/>',
        ((figure(pad + inside * at / 4), figure(pad), figure(size - pad)) for at in range(5)),
    )
    ends = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="{}">{}</text>',
        (
            (figure(pad), figure(size - 8), "middle", "0"),
            (figure(size - pad), figure(size - 8), "middle", "1"),
            (figure(pad - 8), figure(pad + 4), "end", "1"),
        ),
    )
    dots = format_html_join(
        "",
        '<circle class="accent" cx="{}" cy="{}" r="{}"/>',
        (
            (figure(x(said)), figure(y(came)), figure(3 + 6 * math.sqrt(number(n) / most)))
            for said, came, n in points
        ),
    )
    line = format_html(
        '<line class="threshold" x1="{0}" x2="{1}" y1="{1}" y2="{0}"/>', figure(pad), figure(size - pad)
    )
    return format_html(
        '<svg class="chart square" viewBox="0 0 {0} {0}" role="img" aria-label="{1}">{2}{3}{4}{5}</svg>',
        figure(size), label or gettext("Reliability"), grid, line, dots, ends,
    )  # fmt: skip


@register.simple_tag
def bin_chart(
    counts: Sequence[Any], low: Any, high: Any, of: Any, here: Any = None, label: str = ""
) -> SafeString:
    """Counts per equal bin, each bin a link to its rows, with numbers along the axis. The rows come as a part
    into the place called pairs; without a script, with the whole page."""
    heights = [max(number(count), 0.0) for count in counts]
    width, height, top = 720.0, 180.0, 6.0
    tallest = max(heights, default=0.0) or 1.0
    step = width / max(len(heights), 1)
    start = number(low)
    span = number(high) - start
    links = []
    for place, count in enumerate(heights):
        tall = (height - top) * count / tallest
        edges = (start + span * place / len(heights), start + span * (place + 1) / len(heights))
        told = {"n": int(count), "low": f"{edges[0]:.4g}", "high": f"{edges[1]:.4g}"}
        words = (
            ngettext(
                "%(n)s pair from %(low)s to %(high)s", "%(n)s pairs from %(low)s to %(high)s", int(count)
            )
            % told
        )
        tone = "here" if place == here else "kept"
        links.append(
            (
                str(of), place, str(of), place, words, words,
                figure(place * step), figure(step), figure(height),
                tone, figure(place * step + 1), figure(height - tall),
                figure(max(step - 2, 0.5)), figure(tall),
            )
        )  # fmt: skip
    inner = format_html_join(
        "",
        '<a href="?of={}&amp;bin={}#pairs" hx-get="?of={}&amp;bin={}" aria-label="{}"><title>{}</title>'
        '<rect class="reach" x="{}" y="0" width="{}" height="{}"/>'
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/></a>',
        links,
    )
    inner += format_html(
        '<line class="axis" x1="0" x2="{}" y1="{}" y2="{}"/>', *map(figure, (width, height, height))
    )
    drawn = format_html(
        '<svg class="chart bins" viewBox="0 0 {} {}" preserveAspectRatio="none" height="{}" role="group"'
        ' aria-label="{}" hx-target="#pairs" hx-push-url="true">{}</svg>',
        figure(width), figure(height), figure(height), label or gettext("Histogram"), inner,
    )  # fmt: skip
    # Beside the drawing, which is stretched: letters must not be.
    ticks = format_html_join(
        "", "<span>{}</span>", ((f"{start + span * at / 4:.4g}".replace("-", "−"),) for at in range(5))
    )
    return format_html('{}<p class="chart-axis small quiet num" aria-hidden="true">{}</p>', drawn, ticks)
