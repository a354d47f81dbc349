"""The results as Markdown."""

from collections.abc import Sequence

from benchmarks.harness.figures import Figure, Figures, Reading
from benchmarks.harness.goals import DULY, verdicts
from benchmarks.harness.loads import Kind, Load, Sample
from benchmarks.harness.systems import System

_ABSENT = "–"


def markdown(figures: Figures, facts: Sequence[tuple[str, str]], notes: Sequence[str]) -> str:
    """The whole report."""
    closed = [load for load in figures.loads if load.kind is not Kind.MIX]
    sections = [
        ["# Results", "", "Made by `python -m benchmarks`; do not edit."],
        [f"- {note}" for note in notes],
        _summary(figures, closed),
        _ratios(figures, closed, "Ratios of answers per second"),
        _ratios(figures, closed, "Ratios of answers per core-second used", _per_core_second),
        _goals(figures),
        *(_load_table(figures, load) for load in figures.loads),
        ["## Machine and versions", "", *(f"- {name}: {value}" for name, value in facts)],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _summary(figures: Figures, loads: Sequence[Load]) -> list[str]:
    if not loads:
        return []
    head = ("", *(load.title for load in loads))
    rows = [
        (f"`{system.name}`: {system.title}", *(_cell(figures, load, system) for load in loads))
        for system in figures.systems
    ]
    return ["## Right answers per second", "", *table(head, rows)]


def _cell(figures: Figures, load: Load, system: System) -> str:
    rate = figures.rate(load.name, system.name)
    return f"{rate.middle:,.0f} ± {rate.spread:.0%}" if rate else _ABSENT


def _load_table(figures: Figures, load: Load) -> list[str]:
    head = (
        ("system", "right answers/s", "±", "p50 ms", "p95 ms", "p99 ms", "errors")
        + (("dropped",) if load.kind is Kind.MIX else ("bytes/answer",))
        + (
            "cores: server",
            "database",
            "generator",
            "others",
            "calm rounds",
            "answers/core·s",
            "memory MB",
            "largest process MB",
        )
    )
    rows = [_load_row(figures, load, s) for s in figures.systems if figures.rate(load.name, s.name)]
    return [f"## {load.title.capitalize()}", "", *table(head, rows)] if rows else []


def _load_row(figures: Figures, load: Load, system: System) -> list[str]:
    def show(reading: Reading, digits: int = 1) -> str:
        figure = figures.figure(load.name, system.name, reading)
        return f"{figure.middle:,.{digits}f}" if figure else _ABSENT

    rate = figures.rate(load.name, system.name) or Figure(0, 0, 0)
    runs = system.serves
    silent = rate.greatest == 0
    latencies = (
        show(lambda s: s.answers.p50),
        show(lambda s: s.answers.p95),
        show(lambda s: s.answers.p99),
    )
    if load.kind is Kind.MIX:
        weight = f"{figures.dropped(load.name, system.name):,}"
    else:
        weight = show(lambda s: s.answers.answer_bytes, 0) if runs else _ABSENT
    return [
        f"**{system.name}**" if system.name == DULY else system.name,
        f"{rate.middle:,.0f}",
        f"{rate.spread:.0%}",
        *((_ABSENT,) * 3 if silent else latencies),
        f"{figures.errors(load.name, system.name):,}",
        weight,
        show(lambda s: s.server_cores, 2) if runs else _ABSENT,
        show(lambda s: s.database_cores, 2),
        show(lambda s: s.generator_cores, 2),
        show(lambda s: s.other_cores, 2),
        _calm(figures.samples(load.name, system.name)),
        show(_per_core_second, 0),
        show(lambda s: s.memory, 0) if runs else _ABSENT,
        show(lambda s: s.largest_process, 0) if runs else _ABSENT,
    ]


def _ratios(
    figures: Figures, loads: Sequence[Load], title: str, reading: Reading | None = None
) -> list[str]:
    rows = []
    for other in figures.systems:
        ratios = [figures.ratio(load.name, DULY, other.name, reading) for load in loads]
        if other.name != DULY and any(ratios):
            rows.append([other.name, *(_ratio(ratio) for ratio in ratios)])
    head = ("Duly against", *(load.title for load in loads))
    return [f"## {title}", "", *table(head, rows)] if rows else []


def _calm(samples: Sequence[Sample]) -> str:
    return f"{sum(sample.calm for sample in samples)} of {len(samples)}"


def _per_core_second(sample: Sample) -> float:
    return sample.per_core_second


def _ratio(ratio: Figure | None) -> str:
    if ratio is None:
        return _ABSENT
    return f"{ratio.middle:.2f} × ({ratio.least:.2f}–{ratio.greatest:.2f})"


def _goals(figures: Figures) -> list[str]:
    rows = [(v.goal, v.found, "yes" if v.met else "**no**") for v in verdicts(figures)]
    return ["## Goals", "", *table(("goal", "found", "met"), rows)] if rows else []


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table; all columns but the first are aligned to the right."""
    lines = [head, [":--", *["--:"] * (len(head) - 1)], *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
