"""Writes the documents that follow from the code; `--check` fails when one is stale.

Run by `make docs` and `make check`.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.database import migrate
from backend.database.embedded import EmbeddedServer
from backend.tests.docs.pages import ROOT, data_model, decisions, errors, openapi, plan, settings

Page = Callable[[], str]
_SPECS = "specs/001-backend-api-integration"


def documents(url: str) -> dict[str, str]:
    """What each document has to say; `url` is that of a migrated database."""
    pages: dict[str, Page] = {
        "docs/settings.md": settings.page,
        "docs/errors.md": errors.page,
        "docs/decisions/README.md": decisions.page,
        f"{_SPECS}/contracts/openapi.json": openapi.page,
        f"{_SPECS}/data-model.md": partial(data_model.page, url),
        f"{_SPECS}/plan.md": plan.page,
    }
    return {name: page() for name, page in pages.items()}


def stale(url: str) -> list[str]:
    """The documents that do not say what the code says."""
    return [
        name
        for name, text in documents(url).items()
        if not (ROOT / name).exists() or (ROOT / name).read_text("utf-8") != text
    ]


def write(url: str) -> None:
    """Write them all."""
    for name, text in documents(url).items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def main() -> None:
    """Write, or with `--check` compare."""
    with TemporaryDirectory(prefix="duly-docs-") as directory:
        server = EmbeddedServer(Path(directory) / "postgres")
        try:
            url = server.database("duly")
            migrate.upgrade(url)
            if "--check" not in sys.argv:
                write(url)
            elif found := stale(url):
                sys.exit(f"Stale: {', '.join(found)}. Run `make docs`.")
        finally:
            server.close()


if __name__ == "__main__":
    main()
