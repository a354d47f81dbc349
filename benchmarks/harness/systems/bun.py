"""What a team that writes TypeScript would pick: Bun, Elysia, Bun's SQL client, all from npm."""

import fcntl
import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.harness.issuer import ORIGIN
from benchmarks.harness.places import BENCHMARKS, program
from benchmarks.harness.systems.plain import Plain

PACKAGE = BENCHMARKS / "bun"
_MODULES = PACKAGE / "node_modules"
_LOGIN, _ROLE = "bun_login", "tasks_api"
_POOL_SIZE = 10
"""Connections of each process."""

_OWN = "user_id = (select current_setting('app.user_id'))"
_ISOLATE = (
    "alter table tasks alter created_at set default now(), alter updated_at set default now()",
    # The one index that its statements need.
    "drop index ix_tasks_user_id",
    "create index tasks_newest on tasks (user_id, created_at desc)",
    "alter table tasks enable row level security",
    f"create policy own_rows on tasks using ({_OWN}) with check ({_OWN})",
    f"create role {_ROLE}",
    f"grant {_ROLE} to {_LOGIN}",
    f"grant select, insert, update, delete on tasks to {_ROLE}",
    f"grant usage on sequence tasks_id_seq to {_ROLE}",
    "vacuum analyze tasks",
)


class Bun(Plain):
    """Verified tokens and row-level security, as Duly has them."""

    name = "bun"
    title = "what a TypeScript team would pick: Bun, Elysia, Bun's SQL, jose, row-level security"
    needs = ("node", "npm")

    def prepare(self) -> None:
        install()
        self.stage.cluster.make_role(_LOGIN)
        super().prepare()
        self.stage.cluster.execute(self.name, *_ISOLATE)

    def command(self) -> Sequence[str | Path]:
        return (executable(), PACKAGE / "index.ts")

    def environment(self) -> Mapping[str, str]:
        return {
            "NODE_ENV": "production",
            "DATABASE_URL": f"postgresql://{_LOGIN}@localhost/{self.name}",
            "DATABASE_SOCKET": self.stage.cluster.socket,
            "DATABASE_POOL_SIZE": str(_POOL_SIZE),
            "AUTH_JWKS_URL": self.stage.issuer.jwks_url,
            "AUTH_ISSUER": ORIGIN,
            "AUTH_AUDIENCE": ORIGIN,
            "PORT": str(self.port),
            "WORKERS": str(self.stage.workers),
        }


def install() -> None:
    """Install what package-lock.json pins, unless it is installed already.

    Bun's program is in a package for its platform, so that no script of a package has to run.

    Raises:
        SystemExit: when npm cannot; says what to do.
    """
    lock = PACKAGE / "package-lock.json"
    stamp = _MODULES / ".installed"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # runs beside each other wait here for the first
        if stamp.exists() and stamp.read_text() == wanted:
            return
        command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=PACKAGE, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"npm could not install Bun; leave `bun` out?\n{done.stderr[-2000:]}")
        stamp.write_text(wanted)


def executable() -> Path:
    """Bun itself, as npm chose it for this platform."""
    return next(_MODULES.glob("@oven/bun-*/bin/bun"))
