"""The stage that all scenarios share, and the table that they print."""

from collections.abc import Generator, Iterator

import pytest

from backend.security.signing import Issuer
from backend.tests.faults.bars import BUSY, TABLE, Bars, Machine, lines
from backend.tests.faults.stage import Stage
from backend.tests.support.key_server import KeyServer
from backend.tests.support.private_cluster import private_cluster


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One PostgreSQL for all; each scenario has people and a program of its own."""
    issuer = Issuer.generate()
    with private_cluster(durable=True) as cluster, KeyServer(issuer) as keys:
        yield Stage(cluster, issuer, keys, tmp_path_factory.mktemp("faults"))


@pytest.fixture
def bars(request: pytest.FixtureRequest) -> Bars:
    return Bars(str(request.node.name).removeprefix("test_"))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """A scenario fails at its end, with all its figures; a busy machine gives it one more try."""
    bars, stage = (pyfuncitem.funcargs.get(name) for name in ("bars", "stage"))
    if not isinstance(bars, Bars) or not isinstance(stage, Stage):
        return (yield)
    machine = Machine(lambda: {stage.cluster.pid})
    try:
        result = yield
        if bars.only_slow and (busy := machine.busy()) > BUSY:
            bars.again(busy)
            names = pyfuncitem._fixtureinfo.argnames  # noqa: SLF001 - as pytest's own call does
            pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    finally:
        TABLE.extend(bars.held)
    bars.verdict()
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TABLE:
        terminalreporter.section("what was promised, and what was seen")
        for line in lines(TABLE):
            terminalreporter.write_line(line)
