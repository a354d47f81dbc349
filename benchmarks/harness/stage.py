"""Sets the stage: a folder, PostgreSQL and an issuer that last as long as a run."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness import cluster, issuer
from benchmarks.harness.people import Size
from benchmarks.harness.places import DULY_BIN, copy_of_duly
from benchmarks.harness.systems import Stage


def set_stage(
    stack: ExitStack,
    size: Size,
    *,
    duly: Path = DULY_BIN,
    workers: int = 2,
    before: Path | None = None,
) -> Stage:
    """A stage that `stack` clears away."""
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duly-bench-")))
    return Stage(
        cluster=stack.enter_context(cluster.running(directory)),
        issuer=stack.enter_context(issuer.serving()),
        size=size,
        directory=directory,
        duly=duly,
        source=copy_of_duly(duly, directory),
        workers=workers,
        before=before,
    )
