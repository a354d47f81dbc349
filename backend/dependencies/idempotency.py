"""The `Idempotency-Key` of a write (draft-ietf-httpapi-idempotency-key-header)."""

import re
from functools import partial
from hashlib import blake2b
from typing import Final

from fastapi import Request
from starlette.types import Scope

from backend.core.problems import ValidationFailed
from backend.database.journal import Journal
from backend.database.operations import Key
from backend.web.fields import header

_VALID: Final = re.compile(r"[!-~]{1,255}")
_SAFE: Final = frozenset({"GET", "HEAD"})
_REPLAYED: Final = (b"idempotency-replayed", b"true")


def key_name(scope: Scope) -> str | None:
    """The key of a request; None without one, and for requests that change nothing.

    Raises:
        ValidationFailed: unless it is 1 to 255 visible ASCII characters, once.
    """
    if scope["method"] in _SAFE:
        return None
    name = header(scope, b"idempotency-key")  # several would have a space between them
    if name is None or _VALID.fullmatch(name):
        return name
    raise ValidationFailed(
        errors=[
            {
                "pointer": "/header/Idempotency-Key",
                "code": "invalid_key",
                "detail": "Send one key of 1 to 255 visible ASCII characters.",
            }
        ]
    )


def journal(request: Request) -> Journal | None:
    """Where what a request does is kept; None for one without a key."""
    scope = request.scope
    if scope["method"] in _SAFE:
        return None
    name = key_name(scope)
    return None if name is None else Journal(partial(_key, name, scope), partial(_tell, scope))


def _key(name: str, scope: Scope) -> Key:
    """The key, once the body has been read."""
    said = (
        *(scope["method"].encode(), scope["path"].encode(), scope["query_string"]),
        *((header(scope, name) or "").encode() for name in (b"if-match", b"if-none-match")),
        scope.get("body", b""),
    )
    parts = b"".join(b"%d:%s" % (len(part), part) for part in said)
    return Key(name, blake2b(parts, digest_size=16).hexdigest())


def _tell(scope: Scope, request_id: str | None) -> None:
    """Say in the answer whether it is that of an earlier request, and name that in problems."""
    fields = scope["fields"]
    if _REPLAYED in fields:
        fields.remove(_REPLAYED)
    if request_id is not None:
        fields.append(_REPLAYED)
    scope["answers_as"] = request_id
