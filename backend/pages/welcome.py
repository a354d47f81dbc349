"""`/` in development: somebody to be, a list that works on the API, and where all else is.

Anybody who reaches the port may have the tokens of two invented people, and nobody else's:
docs/decisions/0028-pages.md.
"""

import json
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.config import Settings
from backend.pages import files

PEOPLE: Final = ("alice", "bob")


def routes(settings: Settings) -> list[Route]:
    """The page and its files, and tokens where no real issuer makes them; none in production."""
    if not settings.development:
        return []
    assets = ("welcome.js", "welcome.css", "icon.svg")
    token = _token_url(settings)
    page = files.page(
        "/",
        "welcome.html",
        tokens="development" if settings.development_keys else "issuer",
        issuer=settings.better_auth_url or settings.issuer,
        keys=settings.jwks_url or "{{up}}keys",
        token=token,
        known="" if token else "hidden",
        docs="" if settings.docs_enabled else "hidden",
    )
    issued = [_keys(settings), *(_token(settings, each) for each in PEOPLE)]
    return [
        page,
        *(files.asset(f"/welcome/{name}", name) for name in assets),
        *(issued if settings.development_keys else ()),
    ]


def _token_url(settings: Settings) -> str:
    """Where Better Auth has the token of whoever is signed in: beside its keys."""
    beside, _, name = (settings.jwks_url or "").rpartition("/")
    return f"{beside}/token" if name == "jwks" else ""


def _token(settings: Settings, person: str) -> Route:
    """`/tokens/alice`: a token as `duly token --user alice` prints it."""

    async def answer(_request: Request) -> Response:
        # Imported here: production has no use for a signing key.
        from backend.security.signing import development_issuer  # noqa: PLC0415

        audience = min(settings.audiences)
        issuer = development_issuer(settings)
        token = issuer.token(person, issuer=settings.issuer, audience=audience)
        return Response(f"{token}\n", media_type="text/plain")

    return Route(f"/tokens/{person}", answer)


def _keys(settings: Settings) -> Route:
    """`/keys`: the key set that verifies them."""

    async def answer(_request: Request) -> Response:
        from backend.security.signing import development_issuer  # noqa: PLC0415

        jwks = development_issuer(settings).jwks
        return Response(json.dumps(jwks), media_type="application/json")

    return Route("/keys", answer)
