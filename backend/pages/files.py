"""Files of this package as routes.

Their links begin with the prefix of the request, and are relative where nobody told one: they lead
back through whatever a proxy puts before the path.
"""

from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.web.paths import sent_path

_FOLDER: Final = Path(__file__).with_name("files")
# Not the machine's table, which may say anything: browsers take `nosniff` at its word.
_MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


def asset(path: str, name: str) -> Route:
    """The route of a file that is served as it is."""

    async def answer(_request: Request) -> Response:
        return Response(_read(name), media_type=_MEDIA_TYPES[Path(name).suffix])

    return Route(path, answer)


def page(path: str, name: str, **words: str) -> Route:
    """The route of a page.

    Args:
        path: Where it is served, with and without a slash at its end.
        name: The file. In it, `{{up}}` stands for the way from the page to the root.
        words: What else stands for what in double braces; it is escaped.
    """

    async def answer(request: Request) -> Response:
        text = _read(name).decode()
        for word, value in {**words, "up": _up(path, request)}.items():
            text = text.replace(f"{{{{{word}}}}}", escape(value))
        return Response(text, media_type=_MEDIA_TYPES[".html"])

    return Route(path, answer)


def _up(path: str, request: Request) -> str:
    """What leads from a page to the root, with a slash at its end."""
    if root := request.scope.get("root_path"):
        return f"{root}/"
    is_folder = path != "/" and sent_path(request.scope).endswith("/")
    return "../" if is_folder else "./"


@cache
def _read(name: str) -> bytes:
    """A file, when it is asked for first: most workers are never asked."""
    return (_FOLDER / name).read_bytes()
