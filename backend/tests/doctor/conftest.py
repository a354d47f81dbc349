"""Deployments with something wrong in them, and what the doctor finds."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from backend.config import Settings
from backend.doctor.finding import Finding
from backend.security.signing import Issuer
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import ORIGIN

Changed = Callable[..., Settings]


@pytest.fixture
def source(issuer: Issuer) -> Iterator[KeyServer]:
    """A key source of this test's own, which it may break."""
    with KeyServer(issuer) as server:
        yield server


@pytest.fixture
def changed(settings: Settings, source: KeyServer) -> Changed:
    """The settings of a sound deployment on that source, with changes."""

    def change(**changes: Any) -> Settings:
        # Not `model_copy`, which neither checks nor forgets what was derived.
        return Settings(
            _env_file=None, **{**dict(settings), "auth_jwks_url": source.url, **changes}
        )

    return change


@pytest.fixture
def token(issuer: Issuer) -> str:
    """A token that the sound deployment accepts."""
    return issuer.token("alice", issuer=ORIGIN, audience=ORIGIN)


def complaint(findings: Sequence[Finding]) -> Finding:
    """The one finding that is not `ok`."""
    [found] = [finding for finding in findings if finding.verdict != "ok"]
    return found
