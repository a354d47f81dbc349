"""docs/settings.md, from `backend/config/fields.py`."""

from typing import Any

from pydantic.fields import FieldInfo

from backend.config import Settings, secret_names
from backend.tests.docs.pages import NOTE

_SECRETS = secret_names()


def _secret_files() -> str:
    *most, last = (f"`{name.upper()}_FILE`" for name in Settings.model_fields if name in _SECRETS)
    return f"{', '.join(most)} and {last}"


_HEAD = f"""\
# Settings

{NOTE}

Environment variables, or lines of a file `.env` in the working directory. In development none is
needed. With `ENVIRONMENT=production`, a missing database, a missing issuer, a short secret or a `*`
origin stops the start with a message that says what to set.

An empty value is an unset one. Blanks, quotes and comments that a tool left round a value do not
count. Seconds may have a unit (`90s`, `2min`, `1h`), switches are `true` or `false` (`on`, `no` …),
lists may be JSON. URLs and origins are normalised as a browser does it; what can never match is
refused, with the right spelling. `duly doctor` says what follows.

Secrets may be in files, as containers have them: {_secret_files()} name one each.

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
