"""`/` in development: somebody to be, tasks that work on the API, and where all else is.

Anybody who reaches the port may have the tokens of two invented people, and nobody else's: but for
pages of strangers, whose own name may lead here as well (docs/decisions/0028-pages.md).
"""

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.config import Settings
from backend.config.urls import read_url
from backend.core.problems import MisdirectedRequest
from backend.pages import files

PEOPLE: Final = ("alice", "bob")
_STYLES: Final = ("welcome", "tasks")
_SCRIPTS: Final = (
    *("welcome", "api", "dom", "due", "editor"),
    *("lists", "tasks", "terminal", "views"),
)
ASSETS: Final = (
    "icon.svg",
    *(f"welcome/{name}.css" for name in _STYLES),
    *(f"welcome/{name}.js" for name in _SCRIPTS),
)


def routes(settings: Settings) -> list[Route]:
    """The page and its files, and tokens where no real issuer makes them; none in production."""
    if not settings.development:
        return []
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
    answers = [page]
    if settings.development_keys:
        answers += [_keys(settings), *(_token(settings, each) for each in PEOPLE)]
    named = _named_hosts(settings)
    return [
        *(_to_own_host(each, named) for each in answers),
        *(files.asset(f"/welcome/{Path(name).name}", name) for name in ASSETS),
    ]


def _to_own_host(route: Route, named: frozenset[str]) -> Route:
    """The same, for requests whose Host no stranger can have pointed here."""

    async def answer(request: Request) -> Response:
        if not _is_own(request.headers.get("host", ""), named):
            raise MisdirectedRequest(
                "Development answers here to addresses, localhost, and hosts that HOST, "
                "CORS_ORIGINS or BETTER_AUTH_URL names: any other name may be a stranger's."
            )
        response: Response = await route.endpoint(request)
        return response

    return Route(route.path, answer)


def _named_hosts(settings: Settings) -> frozenset[str]:
    """The hosts that the settings name: where it listens, and those of the frontend's pages."""
    pages = [*settings.cors_origins, *filter(None, [settings.better_auth_url])]
    return frozenset({settings.host.lower(), *(read_url(page).host for page in pages)})


def _is_own(host: str, named: frozenset[str]) -> bool:
    """Whether a Host field is an address, of this machine by its nature, or named."""
    try:
        name = read_url(f"http://{host}").host.removesuffix(".")
    except ValueError:
        return False
    if name in named or name == "localhost" or name.endswith(".localhost"):  # RFC 6761
        return True
    try:
        return bool(ip_address(name.strip("[]")))
    except ValueError:
        return False


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
