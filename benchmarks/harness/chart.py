"""The results as a picture: bars of answers per second, in SVG written by hand."""

from collections.abc import Iterator
from html import escape

from benchmarks.harness.figures import Figures
from benchmarks.harness.goals import DULY
from benchmarks.harness.loads import Kind, Load
from benchmarks.harness.systems import System

_COLUMN, _ROW, _LABEL, _VALUE, _HEAD, _GAP = 430, 22, 104, 130, 34, 18
_BASELINE = 12
_CAPTION = "Pale: the limits, without framework or token; bare-asyncpg also without isolation."
_LONGEST = 500.0
"""Milliseconds at which a bar ends: the plan's target; only the number goes on."""
_STYLE = """
    text { font: 12px system-ui, sans-serif; fill: #24292f; }
    .head { font-weight: 600; font-size: 13px; }
    .name { text-anchor: end; }
    .own { font-weight: 600; }
    .bar { fill: #a8b3c0; }
    .bar.own { fill: #2463eb; }
    .bar.limit { fill: #e3e7ec; }
    .faint { fill: #57606a; }
    .paper { fill: #ffffff; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .faint { fill: #9198a1; } .paper { fill: #0d1117; }
      .bar { fill: #6e7a88; } .bar.own { fill: #5b8dff; } .bar.limit { fill: #2b323b; }
    }
"""


def svg(figures: Figures) -> str:
    """One panel of bars for each load, two beside each other."""
    panels = [load for load in figures.loads if _shown(figures, load)]
    tallest = max(len(_shown(figures, load)) for load in panels)
    height = _HEAD + tallest * _ROW + _GAP
    rows = (len(panels) + 1) // 2
    width, total = 2 * _COLUMN + 20, rows * height + 2 * _GAP
    body = "\n".join(
        f'<g transform="translate({20 + n % 2 * _COLUMN} {n // 2 * height})">'
        f"{''.join(_panel(figures, load))}</g>"
        for n, load in enumerate(panels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" role="img">\n'
        "<title>Right answers per second of Duly and its peers</title>\n"
        f"<style>{_STYLE}</style>\n"
        f'<rect class="paper" width="{width}" height="{total}" rx="8"/>\n{body}\n'
        f'<text class="faint" x="20" y="{total - _GAP}">{_CAPTION}</text>\n</svg>\n'
    )


def _shown(figures: Figures, load: Load) -> list[System]:
    """Those that speak HTTP and were measured."""
    return [s for s in figures.systems if s.serves and figures.rate(load.name, s.name)]


def _panel(figures: Figures, load: Load) -> Iterator[str]:
    systems = _shown(figures, load)
    unit = "p95, ms: shorter is better" if load.kind is Kind.MIX else "answers/s"
    yield f'<text class="head" y="24">{escape(load.title)} <tspan class="faint">({unit})</tspan>'
    yield "</text>"
    values = {system.name: _value(figures, load, system.name) for system in systems}
    most = max(values.values()) or 1.0
    if load.kind is Kind.MIX:
        most = min(most, _LONGEST)
    for n, system in enumerate(systems):
        value = values[system.name]
        text = _note(figures, load, system.name, value)
        yield _bar(system, text, min(1.0, value / most), _HEAD + n * _ROW)


def _bar(system: System, text: str, share: float, y: int) -> str:
    kind = " own" if system.name == DULY else " limit" if system.limit else ""
    width = max(1.0, share * (_COLUMN - _LABEL - _VALUE))
    bar = f'x="{_LABEL}" y="{y}" width="{width:.1f}" height="16" rx="2"'
    label = f'x="{_LABEL - 8}" y="{y + _BASELINE}"'
    value = f'x="{_LABEL + width + 6:.1f}" y="{y + _BASELINE}"'
    return (
        f'<text class="name{kind}" {label}>{escape(system.name)}</text>'
        f'<rect class="bar{kind}" {bar}/>'
        f'<text class="value{kind}" {value}>{escape(text)}</text>'
    )


def _value(figures: Figures, load: Load, name: str) -> float:
    if load.kind is Kind.MIX:
        figure = figures.figure(load.name, name, lambda sample: sample.answers.p95)
    else:
        figure = figures.rate(load.name, name)
    return figure.middle if figure else 0.0


def _note(figures: Figures, load: Load, name: str, value: float) -> str:
    errors = figures.errors(load.name, name)
    dropped = figures.dropped(load.name, name)
    failed = [
        f"{count:,} {what}" for count, what in ((errors, "errors"), (dropped, "dropped")) if count
    ]
    return ", ".join([f"{value:,.0f}", *failed])
