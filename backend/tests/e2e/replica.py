"""Scenes with the TypeScript client in Chromium, with faults between it and the served program."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.e2e import node
from backend.tests.support import program as programs
from backend.tests.support.people import ORIGIN
from backend.tests.support.processes import free_port

CLIENT = node.HERE.parents[2] / "clients" / "typescript"
SYNC = node.HERE / "sync"
HEARTBEAT = 20
_CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

Play = Callable[..., dict[str, Any]]

in_chromium = pytest.mark.skipif(_CHROMIUM is None, reason="no Chromium on this machine")


@contextmanager
def playing(settings: Settings, issuer: Issuer, directory: Path) -> Iterator[Play]:
    """Plays a scenario as people whom nobody has seen before, and gives what was seen."""
    page = f"http://127.0.0.1:{free_port()}"
    assert settings.database_url
    database = settings.database_url.get_secret_value()

    def person(name: str) -> dict[str, str]:
        subject = f"{name}-{uuid4().hex[:12]}"
        return {"user": subject, "token": issuer.token(subject, issuer=ORIGIN, audience=ORIGIN)}

    changes = {"CORS_ORIGINS": page, "EVENT_HEARTBEAT": str(HEARTBEAT), "AUTH_LEEWAY": "0"}
    with programs.serve(settings, directory, **changes) as served:

        def play(scenario: str, **more: Any) -> dict[str, Any]:
            people = {name: person(name) for name in ("alice", "bob")}
            if "tokens" in more:
                more["tokens"] = more["tokens"](people["alice"]["user"])
            more |= {"people": people}
            more |= {"page": page, "origin": served.url, "client": str(CLIENT / "src")}
            more |= {"python": sys.executable, "database": database, "chromium": _CHROMIUM}
            seen = node.report(SYNC / "scenarios.mjs", scenario=scenario, **more)
            assert seen.pop("complaints") == []
            return seen

        yield play
