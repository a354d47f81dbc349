"""Which migrations are online: the SQL of each, as PostgreSQL got it, read by Squawk.

A migration that Squawk has something against holds a lock for as long as it reads or rewrites a
table: requests wait, and are refused after 2 s. Those that came before this was checked are only
told. A newer one fails, unless its text says in `squawk_ignores` which rules it may break, and why
that is no harm in a comment.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from backend.database import migrate
from backend.database.embedded import EmbeddedServer

_UNCHECKED: Final = "0008"
_VERSIONS: Final = Path(migrate.__file__).parent / "migrations" / "versions"
_IGNORES: Final = re.compile(r"^squawk_ignores = \[(.*?)\]", re.MULTILINE | re.DOTALL)
# About style, and a time limit for statements, which a migration of many rows cannot have.
_STYLE: Final = (
    "prefer-robust-stmts,prefer-text-field,prefer-bigint-over-int,prefer-identity,"
    "require-statement-timeout"
)
# What the migrations' frame sends, not they themselves.
_FRAME: Final = re.compile(
    r"\s*(?:select|lock table|with|show|savepoint|rollback|release)\b|.*alembic_version",
    re.IGNORECASE,
)


def main() -> int:
    """Tell of each migration; status 1 when one that has to be online is not."""
    failed = False
    with tempfile.TemporaryDirectory(prefix="duly-migrations-") as folder:
        for revision, statements in _sql(Path(folder) / "postgres"):
            broken = broken_rules(revision, statements, Path(folder))
            allowed = _allowed(revision)
            new = revision > _UNCHECKED
            wrong = {rule: broken[rule] for rule in broken.keys() - allowed if new}
            failed |= bool(wrong)
            state = "online" if not broken else f"not online: {', '.join(sorted(broken))}"
            print(f"{revision} {state}")
            for rule, message in wrong.items():
                print(f"  {rule}: {message}")
    return int(failed)


def _sql(directory: Path) -> Iterator[tuple[str, list[str]]]:
    """Each revision, and what its migration sends to PostgreSQL."""
    server = EmbeddedServer(directory)
    sent: list[str] = []

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not _FRAME.match(statement):
            sent.append(statement.strip().rstrip(";"))

    try:
        url = server.database("duly")
        for revision in migrate.revisions():
            sent.clear()
            migrate.upgrade(url, revision)
            yield revision, list(sent)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
        server.close()


def broken_rules(revision: str, statements: list[str], folder: Path) -> dict[str, str]:
    """What Squawk has against it: a message by rule."""
    file = folder / f"{revision}.sql"
    file.write_text(";\n".join([*statements, ""]))
    squawk = Path(sys.executable).with_name("squawk")
    options = ["--reporter", "json", "--assume-in-transaction", "--exclude", _STYLE]
    command = [str(squawk), *options, str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = json.loads(done.stdout)
    return {each["rule_name"]: each["message"] for each in found}


def _allowed(revision: str) -> set[str]:
    [script] = _VERSIONS.glob(f"{revision}_*.py")
    said = _IGNORES.search(script.read_text("utf-8"))
    return set(re.findall(r'"([a-z-]+)"', said[1])) if said else set()


if __name__ == "__main__":
    sys.exit(main())
