"""The stack of the demo: what is started, in which order, and what each part is told."""

import http.client
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import psycopg

from backend.database.embedded import EmbeddedServer, PostgresFailed
from scripts.demo import account, application, parts, places
from scripts.demo.application import EXAMPLE, NEXT
from scripts.demo.parts import DemoFailed, Parts, Told, say

_DULY: Final = Path(sys.executable).with_name("duly")
_PATIENCE: Final = 120.0  # seconds; `next dev` compiles a page when it is asked for
_GLANCE: Final = 2.0  # seconds; a signal waits for so long at most
# Settings that lead to another database, issuer or Redis, such as those of production.
_ELSEWHERE: Final = ("DATABASE_URL", "AUTH_", "REDIS_URL", "PG")


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Attributes:
        data: Where everything is kept.
        dev: Whether changes of the application show at once.
        seed: How many tasks the account for showing is made with; None for no account.
        port: Of the application; None for 3000 or one nearby.
        duly_port: Of Duly; None for 8000 or one nearby.
        prepare: Whether to install and build only.
    """

    data: Path
    dev: bool = False
    seed: int | None = None
    port: int | None = None
    duly_port: int | None = None
    prepare: bool = False


def prepare(plan: Plan) -> None:
    """Install and build.

    Raises:
        DemoFailed: when it was not done.
    """
    application.check_node()
    with places.claimed(plan.data) as held, parts.opened(plan.data / "postgres", held) as running:
        try:
            application.make_ready(running, build=True)
        except Told:
            raise DemoFailed("Ended before it was built.") from None


def run(plan: Plan) -> None:
    """Run all of it until it is told to end.

    Raises:
        DemoFailed: when something does not start, or ended by itself.
    """
    application.check_node()
    _forget_elsewhere()
    with (
        suppress(Told),
        places.claimed(plan.data) as held,
        parts.opened(plan.data / "postgres", held) as running,
    ):
        application.make_ready(running, build=not plan.dev)
        with _postgres(running, plan.data / "postgres") as server:
            database = server.database("demo")
            stack = _Stack(plan, running, database)
            stack.start()
            if plan.seed:
                password = places.secret(plan.data / "password", 9)
                say(account.make(stack.frontend, password, stack.seed))
            places.note(held, frontend=stack.frontend, duly=stack.duly, database=database)
            say(f"\nThe demo is at {stack.frontend} (open it in a browser). Ctrl-C ends it.")
            while True:
                running.look(None)


def _forget_elsewhere() -> None:
    """See that the demo reaches nothing but its own, whatever this shell is set up for."""
    for name in [each for each in os.environ if each.upper().startswith(_ELSEWHERE)]:
        if name.upper() != "AUTH_LEEWAY":  # which leads nowhere
            del os.environ[name]


class _Stack:
    """What runs on a database.

    Attributes:
        frontend, duly: The origins of both.
    """

    def __init__(self, plan: Plan, running: Parts, database: str) -> None:
        self._plan, self._running, self._database = plan, running, database
        port = places.port(plan.port, 3000, "the application", "--port")
        duly_port = places.port(plan.duly_port, 8000, "Duly", "--duly-port")
        self.frontend = f"http://{places.HOST}:{port}"
        self.duly = f"http://{places.HOST}:{duly_port}"
        self._for_frontend = {
            **application.environment(),
            "BETTER_AUTH_URL": self.frontend,
            "BETTER_AUTH_SECRET": places.secret(plan.data / "secret"),
            "DATABASE_URL": database,
            "DULY_URL": self.duly,
        }
        # Other settings of this environment are for Duly, as with `duly serve`.
        self._for_duly = {
            **os.environ,
            "ENVIRONMENT": "development",
            "DATABASE_URL": database,
            "BETTER_AUTH_URL": self.frontend,
            "CORS_ORIGINS": self.frontend,
            "HOST": places.HOST,
            "PORT": str(duly_port),
        }
        self._listen = ["-H", places.HOST, "-p", str(port)]

    def start(self) -> None:
        """Start both, Better Auth first: without its keys Duly is not ready.

        Raises:
            Told, DemoFailed: when one does not start.
        """
        migrate = ["npm", "run", "--silent", "migrate"]
        if self._running.run("auth", migrate, EXAMPLE, self._for_frontend):
            raise DemoFailed("Better Auth's tables were not made: what it said is above.")
        mode = "dev" if self._plan.dev else "start"
        self._running.start(
            "next", ["node", NEXT, mode, *self._listen], EXAMPLE, self._for_frontend
        )
        # `next dev` compiles each when it is asked for; Duly would not wait so long for the keys.
        for path in ("/sign-in", "/api/auth/jwks"):
            ready = partial(_answers, self.frontend, path)
            self._running.wait_for("next", ready, _PATIENCE)
        # Not in the checkout, whose `.env` is of another Duly.
        self._running.start("duly", [_DULY, "serve"], self._plan.data, self._for_duly)
        self._running.wait_for("duly", partial(_answers, self.duly, "/readyz"), _PATIENCE)

    def seed(self, user: str) -> None:
        """Make tasks for a user.

        Raises:
            Told, DemoFailed: when it did not work.
        """
        command = [str(_DULY), "seed", "--user", user, "--tasks", str(self._plan.seed)]
        if self._running.run("seed", command, self._plan.data, self._for_duly):
            raise DemoFailed("`duly seed` made no tasks: what it said is above.")


@contextmanager
def _postgres(running: Parts, directory: Path) -> Iterator[EmbeddedServer]:
    """PostgreSQL, which stops after those who use it.

    Raises:
        DemoFailed: when it does not start.
    """
    try:
        server = EmbeddedServer(directory)
    except PostgresFailed as error:
        raise DemoFailed(str(error)) from None
    # It is no child of this process: a connection ends when it does.
    idle = psycopg.connect(server.url())
    running.watch("postgres", lambda: parts.until_hung_up(idle.fileno()))
    try:
        yield server
    finally:
        running.end()
        idle.close()
        server.close()


def _answers(origin: str, path: str) -> bool:
    connection = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=_GLANCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return False
    else:
        return answer.status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    finally:
        connection.close()
