"""docs/settings.md, from `backend/config/settings.py`."""

from typing import Any

from pydantic.fields import FieldInfo

from backend.config import Settings
from backend.tests.docs.pages import NOTE

_HEAD = f"""\
# Settings

{NOTE}

Environment variables, or lines of a file `.env` in the working directory. In development none is
needed. With `ENVIRONMENT=production`, a missing database, a missing issuer, a short secret or a `*`
origin stops the start with a message that says what to set.

| variable | default | what it does |
|---|---|---|
"""


def page() -> str:
    """Every setting with its default and its description."""
    rows = (
        f"| `{name.upper()}` | {_default(field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )
    return _HEAD + "".join(rows)


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is None or value == ():
        return "–"
    if isinstance(value, tuple):
        value = ",".join(value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
