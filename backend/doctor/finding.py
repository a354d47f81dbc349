"""What a check found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: What was looked at.
        verdict: `ok`; `warn` for what works but should be otherwise; `fail` for what does not.
        detail: What was seen; never a secret, a token or a claim's private content.
        remedy: What to do; empty when nothing.
    """

    check: str
    verdict: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str = ""


def ok(check: str, detail: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", detail)


def warn(check: str, detail: str, remedy: str) -> Finding:
    """It works, but should be otherwise."""
    return Finding(check, "warn", detail, remedy)


def fail(check: str, detail: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(check, "fail", detail, remedy)
