"""The systems that are measured, by name."""

from benchmarks.harness.systems.bun import Bun
from benchmarks.harness.systems.duly import BareWire, Before, Duly
from benchmarks.harness.systems.plain import BareAsyncpg, Idiom, Literal
from benchmarks.harness.systems.pocketbase import PocketBase
from benchmarks.harness.systems.postgres import Postgres
from benchmarks.harness.systems.system import Stage, System

SYSTEMS: dict[str, type[System]] = {
    kind.name: kind
    for kind in (Duly, Before, Bun, Literal, Idiom, PocketBase, BareAsyncpg, BareWire, Postgres)
}

__all__ = ["SYSTEMS", "Postgres", "Stage", "System"]
