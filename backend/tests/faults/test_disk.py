"""The volume of the tables is full: writes fail, reads do not, and room heals it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from backend.tests.faults.bars import Bars
from backend.tests.faults.crowd import Window
from backend.tests.faults.stage import SECONDS, Stage, ask, seconds_until

pytestmark = pytest.mark.faults

MEGABYTES = 256


@pytest.fixture
def volume(stage: Stage) -> Iterator[Path]:
    """A small file system with the database on it."""
    folder = stage.folder()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "none", str(folder)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("a full disk needs a volume, and only root may mount one")
    try:
        account = Path(str(make_url(stage.cluster.url).query["host"])).owner()
        tables = folder / "tables"
        tables.mkdir()
        shutil.chown(tables, account)
        for parent in tables.parents[:-2]:
            parent.chmod(parent.stat().st_mode | 0o111)
        stage.cluster.execute(
            f"create tablespace small location '{tables}'",
            "alter database duly set tablespace small",
        )
        yield folder
        stage.cluster.terminate_backends()
        stage.cluster.execute(
            "alter database duly set tablespace pg_default", "drop tablespace small"
        )
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(volume: Path) -> Path:
    """Leave no byte."""
    filler = volume / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            pass
    return filler


def test_the_disk_is_full(stage: Stage, bars: Bars, volume: Path) -> None:
    with stage.program() as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        filler = fill(volume)
        _, alice = stage.somebody()
        task = {"title": "x", "description": "x" * 8_000}

        def write() -> int:
            return ask(program, "POST", "/api/tasks", alice, task).status_code

        # What is free in the pages of the tables is used up first.
        refused = seconds_until(lambda: write() == 503, 20)
        full = crowd.watch(SECONDS)
        filler.unlink()
        healed = seconds_until(lambda: write() == 201, 10)
        after = crowd.watch(SECONDS)
        record = crowd.stop()
    seen, quiet = Window(calm.end, after.begin).of(record), calm.of(record)
    reads, writes = seen.of(writes=False), seen.of(writes=True)
    bars.bar(
        "writes: 503", writes, calm=quiet.of(writes=True), kept={*writes.statuses} <= {201, 503}
    )
    bars.bar(
        "a write that needs room: 503", f"after {refused:.1f} s", kept=refused < 20, timing=True
    )
    bars.answered("reads", 1, quiet.of(writes=False), reads)
    bars.bar("heals without a restart", f"{healed:.1f} s", kept=healed < 10, timing=True)
    bars.bar("normal after", after.of(record), kept=not after.of(record).failed, timing=True)
    assert full.end <= after.begin
    bars.invariants(record, stage.cluster)
