"""docs/errors.md, from `backend/core/problems.py`."""

from backend.core.problems import Problem
from backend.tests.docs.pages import NOTE

_HEAD = f"""\
# Errors

{NOTE}

Every error is `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail`,
`code` and `request_id`. Decide on `code`; it never changes. `type` is a path of the service that
says what this page says. For 422, `errors` lists what was refused: `pointer` is a JSON Pointer into
`{{"path": …, "query": …, "header": …, "body": …}}`.

A 503 carries `Retry-After`. For a write it means that the outcome is unknown: create with an `id`
of your own, and a retry can never make a second task.

| status | code | what it means | what to do |
|---|---|---|---|
"""


def page() -> str:
    """Every kind of problem, by status."""
    kinds = sorted(Problem.registry.values(), key=lambda kind: (kind.status, kind.code))
    rows = (
        f"| {kind.status} | `{kind.code}` | {kind.meaning} | {kind.remedy} |\n" for kind in kinds
    )
    return _HEAD + "".join(rows)
