"""What the doctor says of `HOST`, before anybody tries to serve there."""

import pytest

from backend.doctor.run import examine
from backend.tests.doctor.conftest import Changed, complaint


@pytest.mark.parametrize("host", ["a..b", "x86_64-conda-linux-gnu", "192.0.2.1"])
def test_one_that_is_not_here_is_told(host: str, changed: Changed) -> None:
    found = complaint(list(examine(changed(host=host))))
    assert (found.check, found.verdict) == ("host", "fail")
    assert f"HOST={host} is no address of this machine: set HOST to 127.0.0.1" in found.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_one_that_is_here_is_not_mentioned(host: str, changed: Changed) -> None:
    assert {found.verdict for found in examine(changed(host=host))} == {"ok"}
