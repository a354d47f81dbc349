"""`/docs`: the OpenAPI document for people, by Swagger UI out of this package.

Nothing comes from elsewhere, so it works without the Internet and under the strictest policy
(docs/decisions/0028-pages.md).
"""

from pathlib import Path
from typing import Final

from starlette.routing import Route

from backend.config import Settings
from backend.pages import files

_ASSETS: Final = (
    "icon.svg",
    "documentation.js",
    "documentation.css",
    "swagger-ui/swagger-ui-bundle.js",
    "swagger-ui/swagger-ui.css",
)


def routes(settings: Settings) -> list[Route]:
    """The page and its files; none when the documents are switched off."""
    if not settings.docs_enabled:
        return []
    return [
        files.page("/docs", "documentation.html", user=_user(settings)),
        *(files.asset(f"/docs/{Path(name).name}", name) for name in _ASSETS),
    ]


def _user(settings: Settings) -> str:
    """Whose token the page may take by itself; nobody's where real people sign in."""
    return "alice" if settings.development_keys else ""
