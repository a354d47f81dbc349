"""The path below which a proxy shows the service: `/duly` of `https://example.com/duly/api/tasks`."""

import re
from urllib.parse import quote, unquote

_KEPT = "/%!$&()*+;=:@~"  # what may stand in a path as it is, and neither in quotes nor in lists
_PATH = re.compile(r"(?:/(?:[\w.!$&()*+;=:@~-]|%[0-9A-Fa-f]{2})+)*", re.ASCII)
_DOTS = frozenset({".", ".."})  # segments that whoever resolves a path would take away


def read_prefix(text: str) -> str | None:
    """A prefix as people and proxies write it, in the one form: `/duly`, or nothing for the root.

    Args:
        text: With slashes round it or without, percent-encoded or not.

    Returns:
        A path that is fit for a URL (RFC 3986, section 3.3), without a slash at its end; None for
        what is no path.
    """
    trimmed = text.strip().strip("/")
    prefix = encoded(f"/{trimmed}" if trimmed else "")
    dotted = any(unquote(segment) in _DOTS for segment in prefix.split("/"))
    return prefix if _PATH.fullmatch(prefix) and not dotted else None


def encoded(path: str) -> str:
    """A path that is fit for a URL; what is encoded already stays so."""
    return quote(path, safe=_KEPT)


def below(prefix: str, path: str, sent: str) -> tuple[str, str] | None:
    """What is left of a path below a prefix.

    Args:
        prefix: As `read_prefix` gives it.
        path: The path, decoded.
        sent: The same as it was sent.

    Returns:
        Both without the prefix; None when they do not begin with it.
    """
    decoded = unquote(prefix)
    if not f"{path}/".startswith(f"{decoded}/"):
        return None
    rest = sent.split("/", prefix.count("/") + 1)[prefix.count("/") + 1 :]
    return path[len(decoded) :] or "/", f"/{''.join(rest)}"
