"""docs/decisions/README.md, from the titles of the decisions."""

import re
from pathlib import Path

from backend.tests.docs.pages import NOTE, ROOT

FOLDER = ROOT / "docs" / "decisions"
_HEAD = f"""\
# Decisions

{NOTE}

What was decided and is hard to undo: context, decision, consequences, alternatives.

"""


def page() -> str:
    """One line for each decision, in their order."""
    titles = {path.name: path.read_text("utf-8").split("\n", 1)[0] for path in files()}
    lines = (
        re.sub(r"^# (\d+): (.*)$", rf"- [\1]({name}) \2", title) for name, title in titles.items()
    )
    return _HEAD + "\n".join(lines) + "\n"


def files() -> list[Path]:
    """The decisions, by number."""
    return sorted(FOLDER.glob("[0-9]*.md"))
