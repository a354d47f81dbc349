"""docs/better-auth.md as a program: the files it points to, and its blocks, which are run."""

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from backend.tests.docs.pages import ROOT
from backend.tests.docs.session import Served, Step, play, read_session
from backend.tests.e2e import node
from backend.tests.e2e.better_auth import PACKAGE
from backend.tests.support.people import NO_TLS
from backend.tests.support.processes import Program, bare_environment, free_port, started

EXAMPLE = ROOT / "examples" / "nextjs"
PAGE = (ROOT / "docs" / "better-auth.md").read_text("utf-8")

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SESSION = "<!-- session"
_SECONDS = 60
_SECRET = secrets.token_urlsafe(32)
# As `create-next-app` writes it.
_TYPESCRIPT = {
    "target": "ES2017",
    "lib": ["dom", "dom.iterable", "esnext"],
    "strict": True,
    "noEmit": True,
    "esModuleInterop": True,
    "module": "esnext",
    "moduleResolution": "bundler",
    "isolatedModules": True,
    "skipLibCheck": True,
    "paths": {"@/*": ["./*"]},
}


def titles() -> list[str]:
    """What all blocks are called: by the comment in their first line, sessions `console`."""
    return [_title(kind, body) for kind, body in _BLOCK.findall(PAGE)]


def _title(kind: str, body: str) -> str:
    first = body.partition("\n")[0]
    return first.removeprefix("//").removeprefix("#").strip() if kind != "console" else kind


@dataclass(frozen=True)
class Guide:
    """Somebody who follows the page, in a directory of their own.

    Attributes:
        directory: Where the frontend's files are, and where all commands run.
        origin: The frontend's, in place of the page's.
        api: Duly's, in place of the page's.
        database: The connection string for both, in place of the page's.
        others: More texts of the page and what stands there instead.
    """

    directory: Path
    origin: str
    api: str
    database: str
    others: Mapping[str, str]

    @classmethod
    def open(cls, directory: Path, database: str, **others: str) -> "Guide":
        """Begin in an empty directory, with free ports."""
        node.install(PACKAGE)
        (directory / "node_modules").symlink_to(PACKAGE / "node_modules")
        (directory / ".venv").symlink_to(Path(sys.executable).parents[1])
        origin, api = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        return cls(directory, origin, api, database, others)

    def block(self, title: str) -> str:
        """One block, with this reader's addresses."""
        found = [body for kind, body in _BLOCK.findall(PAGE) if _title(kind, body) == title]
        [body] = found
        return self._adapt(body)

    def sessions(self) -> list[Step]:
        """The steps of all sessions."""
        marked = [_SESSION + part for part in self._adapt(PAGE).split(_SESSION)[1:]]
        return [step for part in marked for step in read_session(part)]

    def write(self, *names: str) -> None:
        """Write blocks that are whole files."""
        for name in names:
            self._write(name, self.block(name))

    def copy(self, *names: str) -> None:
        """Copy files of the example that the page points to."""
        for name in names:
            assert f"(../examples/nextjs/{quote(name, safe='/.')})" in PAGE, name
            self._write(name, (EXAMPLE / name).read_text("utf-8"))

    def change(self, name: str, title: str) -> None:
        """Put a block's imports and options of `betterAuth()` into a file."""
        path = self.directory / name
        text = path.read_text("utf-8")
        lines = self.block(title).splitlines(keepends=True)
        imports = [line for line in lines if line.startswith("import ")]
        for line in lines:
            if option := re.match(r"    \w+:", line):
                whole = rf"^{option[0]}(?:.*\[\n(?:     .*\n)*    \],|.*)\n"
                text = re.sub(whole, "", text, flags=re.MULTILINE)
                text = text.replace("\n  })", f"\n{line}  }})")
        path.write_text("".join(imports) + text, "utf-8")

    def _write(self, name: str, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def environment(self, *blocks: str) -> dict[str, str]:
        """What a shell's programs see after these blocks."""
        script = "\n".join(["set -a", *map(self.block, blocks), "env -0"])
        entries = self._sh(script, bare_environment()).split("\0")
        return dict(entry.split("=", 1) for entry in entries if entry)

    def node(self, *modules: str | Path, **variables: str) -> str:
        """Run modules as Next.js would; what they print."""
        done = subprocess.run(
            self._node(*modules),
            env=self._frontend(variables),
            cwd=self.directory,
            timeout=_SECONDS,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def browse(self) -> dict[str, Any]:
        """What a browser sees that uses the client."""
        seen: dict[str, Any] = json.loads(self.node(PACKAGE / "browser.mjs"))
        return seen

    @contextmanager
    def frontend(self, **variables: str) -> Iterator[httpx2.Client]:
        """Migrate and serve the frontend; a browser for it."""
        self.node("migrate.ts", **variables)
        command = self._node(PACKAGE / "frontend.mjs")
        program = Program("frontend", command, self._frontend(variables), self.directory)
        with started(program), self._client(f"{self.origin}/api/auth") as browser:
            # Better Auth refuses a POST with a cookie and without the Origin that browsers send.
            browser.headers["Origin"] = self.origin
            program.wait_for(lambda: _answers(browser, "/ok"))
            yield browser

    @contextmanager
    def duly(self, *blocks: str) -> Iterator[httpx2.Client]:
        """Start Duly as the page does, with the settings of these blocks; a client."""
        script = self.block("start Duly").replace(
            ".venv/bin/duly serve", "exec .venv/bin/duly serve"
        )
        command = ["sh", "-eu", "-c", script]
        program = Program("duly", command, self._duly(blocks), self.directory)
        with started(program), self._client(self.api) as client:
            program.wait_for(lambda: _answers(client, "/readyz"))
            yield client

    def play(self, steps: Sequence[Step], *blocks: str) -> list[str]:
        """Run the steps of sessions in a shell with the settings of these blocks."""
        return play(steps, Served(self.api, self.directory, self._duly(blocks)))

    def type_errors(self) -> str:
        """What TypeScript objects to in the files."""
        config = {"compilerOptions": _TYPESCRIPT, "include": ["**/*.ts"]}
        (self.directory / "tsconfig.json").write_text(json.dumps(config), "utf-8")
        done = subprocess.run(
            ["node", str(PACKAGE / "node_modules" / "typescript" / "bin" / "tsc")],
            cwd=self.directory,
            timeout=_SECONDS,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def _adapt(self, text: str) -> str:
        here = {
            "http://localhost:3000": self.origin,
            "http://127.0.0.1:8000": self.api,
            "postgresql://USER:PASSWORD@localhost/app": self.database,
            "put-the-output-of-openssl-rand-base64-32-here": _SECRET,
            **self.others,
        }
        for theirs, ours in here.items():
            text = text.replace(theirs, ours)
        return text

    def _node(self, *modules: str | Path) -> list[str]:
        return ["node", str(PACKAGE / "typescript.mjs"), *map(str, modules)]

    def _frontend(self, variables: Mapping[str, str]) -> dict[str, str]:
        quiet = {"BETTER_AUTH_TELEMETRY": "0", "NO_COLOR": "1"}
        return {**self.environment(".env of the frontend"), **quiet, **variables}

    def _duly(self, blocks: Sequence[str]) -> dict[str, str]:
        settings = self.environment(*(blocks or ["environment of Duly"]))
        port = self.api.rpartition(":")[2]
        return {**settings, "PORT": port, "WORKERS": "1", "NO_PROXY": "*"}

    def _client(self, url: str) -> httpx2.Client:
        return httpx2.Client(base_url=url, trust_env=False, verify=NO_TLS)

    def _sh(self, script: str, environment: Mapping[str, str]) -> str:
        return subprocess.run(
            ["sh", "-eu", "-c", script],
            env=environment,
            cwd=self.directory,
            timeout=_SECONDS,
            capture_output=True,
            text=True,
            check=True,
        ).stdout


def _answers(client: httpx2.Client, path: str) -> bool | None:
    try:
        return client.get(path).is_success or None
    except httpx2.TransportError:
        return None
