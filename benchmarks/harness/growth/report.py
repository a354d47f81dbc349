"""What growth costs, as Markdown."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.harness.growth.measure import DEEP, FIRST, TABLES, Churn, Deep, Latency
from benchmarks.harness.report import table

GROWTH_GOAL, DEEP_GOAL = 1.3, 1.2
_ABSENT = "–"
_MEGABYTE = 1_000_000

_NOTES = """\
Latency of one keep-alive connection that asks one thing at a time, in milliseconds; sizes and
  pages take turns. The machine is shared: medians and ratios count.
Users of 10 to 100,000 tasks, most of 200, spread over the same 200 days: rows lie as after months
  of use. Requests go to up to 1,000 users in random order, whom the worker has met.
Everything fits into memory (1 GB of `shared_buffers`, the rest in the system's cache): what shows
  is the depth of indexes and the processor's cache, not a disk.
The deep page is reached by following `Link` by pages of 180, for three seconds at most, which ends
  sorts without an index before page 1,000; then it is asked in turn with the first page.
Updates: PATCH of random tasks among the newest 50 of those users, 8 connections. A table fresh
  from loading has full pages.
Indexes are made after loading, as by `reindex`; grown row by row, each of a million tasks took
  127 bytes in `tasks_pkey` and 132 in `tasks_newest`.
"""


class Growth(NamedTuple):
    """All that was measured, by number of tasks (latencies: by what was asked, then that)."""

    latencies: Mapping[str, Mapping[int, Latency]]
    deep: Mapping[int, Mapping[str, Deep]]
    sizes: Mapping[int, Mapping[str, int]]
    churn: Mapping[int, Mapping[str, Churn]]


def markdown(growth: Growth, facts: Sequence[tuple[str, str]], python: str) -> str:
    """The whole report; `python` says how the Python was built."""
    sections = [
        ["# Growth", "", "Made by `python -m benchmarks.growth`; do not edit."],
        [re.sub(r"^(?! )", "- ", _NOTES.strip(), flags=re.MULTILINE), f"- {python}"],
        ["## Goals", "", *table(("goal", "found", "met"), _goals(growth))],
        _latencies(growth),
        _deep(growth),
        _sizes(growth),
        _churn(growth),
        ["## Machine and versions", "", *(f"- {name}: {value}" for name, value in facts)],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def hot_share(churn: Churn, name: str) -> float:
    """Share of a table's updates that touched no index (heap-only tuples)."""
    before, after = churn.before[name], churn.after[name]
    return (after.hot - before.hot) / max(1, after.updates - before.updates)


def _goals(growth: Growth) -> list[tuple[str, str, str]]:
    least, most = min(growth.sizes), max(growth.sizes)
    same = growth.latencies[FIRST]
    name = f"first page of 20, user of 200: {most:,} tasks against {least:,}, p50"
    rows = [_goal(name, same[most].p50 / same[least].p50, GROWTH_GOAL)]
    for sort, deep in growth.deep[most].items():
        name = f"page {deep.page:,} against page 1 at {most:,} tasks, `sort={sort}`, p50"
        goal, found, met = _goal(name, deep.deep.p50 / deep.first.p50, DEEP_GOAL)
        rows.append((goal, found, met if deep.page >= DEEP else f"**page {DEEP:,} not reached**"))
    return rows


def _goal(name: str, found: float, goal: float) -> tuple[str, str, str]:
    return f"{name}: ≤ {goal} ×", f"{found:.2f} ×", "yes" if found <= goal else "**no**"


def _latencies(growth: Growth) -> list[str]:
    totals = list(growth.sizes)
    rows = [
        (what, *(_latency(found.get(total)) for total in totals), _ratio(found))
        for what, found in growth.latencies.items()
    ]
    head = ("p50 / p95 ms", *(f"{total:,} tasks" for total in totals), "p50, largest : smallest")
    return ["## Latency by size", "", *table(head, rows)]


def _latency(latency: Latency | None) -> str:
    return f"{latency.p50:.2f} / {latency.p95:.2f}" if latency else _ABSENT


def _ratio(found: Mapping[int, Latency]) -> str:
    if len(found) == 1:
        return _ABSENT
    return f"{found[max(found)].p50 / found[min(found)].p50:.2f} ×"


def _deep(growth: Growth) -> list[str]:
    rows = [
        (
            f"{total:,} tasks, `{sort}`",
            _latency(deep.first),
            f"{deep.page:,}",
            _latency(deep.deep),
            f"{deep.deep.p50 / deep.first.p50:.2f} ×",
            f"{deep.first.requests:,}",
            f"{deep.too_late:,}",
        )
        for total, sorts in growth.deep.items()
        for sort, deep in sorts.items()
    ]
    head = (
        "user with most tasks",
        "page 1",
        "deep page",
        "p50 / p95 ms",
        "p50, deep : 1",
        "pairs",
        "503",
    )
    return ["## Deep pages", "", *table(head, rows)] if rows else []


def _sizes(growth: Growth) -> list[str]:
    names = next(iter(growth.sizes.values()))
    rows = [
        (f"`{name}`", *(_weight(sizes[name], total) for total, sizes in growth.sizes.items()))
        for name in names
    ]
    sums = (_weight(sum(sizes.values()), total) for total, sizes in growth.sizes.items())
    head = ("MB, bytes per task", *(f"{total:,} tasks" for total in growth.sizes))
    return ["## Sizes", "", *table(head, [*rows, ("all", *sums)])]


def _weight(size: int, total: int) -> str:
    return f"{size / _MEGABYTE:,.1f} MB, {size / total:,.0f} B"


def _churn(growth: Growth) -> list[str]:
    head = (
        "PATCH of, in",
        "answers/s",
        "table",
        "updates",
        "HOT",
        "dead rows after",
        "autovacuums",
        "table MB before → after",
        "indexes MB before → after",
    )
    rows = [
        _churn_row(f"`{kind}`, {total:,} tasks", churn, name)
        for total, kinds in growth.churn.items()
        for kind, churn in kinds.items()
        for name in TABLES
    ]
    return ["## Updates", "", *table(head, rows)]


def _churn_row(title: str, churn: Churn, name: str) -> list[str]:
    before, after = churn.before[name], churn.after[name]
    return [
        title,
        f"{churn.rate:,.0f}",
        f"`{name}`",
        f"{after.updates - before.updates:,}",
        f"{hot_share(churn, name):.1%}",
        f"{after.dead:,}",
        f"{after.autovacuums - before.autovacuums}",
        f"{before.table / _MEGABYTE:,.1f} → {after.table / _MEGABYTE:,.1f}",
        f"{before.indexes / _MEGABYTE:,.1f} → {after.indexes / _MEGABYTE:,.1f}",
    ]
