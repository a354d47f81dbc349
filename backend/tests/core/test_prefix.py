"""The path prefix: as people and proxies write it, in the one form."""

import pytest

from backend.core.prefix import below, read_prefix

READ: dict[str, str | None] = {
    "": "",
    "/": "",
    "  ": "",
    "//": "",
    "/duly": "/duly",
    "/duly/": "/duly",
    "duly": "/duly",
    " /duly ": "/duly",
    "/a/b": "/a/b",
    "a/b/": "/a/b",
    "/api": "/api",
    "/düly": "/d%C3%BCly",
    "/d%C3%BCly": "/d%C3%BCly",
    "/a b": "/a%20b",
    "/@team/~x": "/@team/~x",
    "/a>;rel=next": "/a%3E;rel=next",
    "/a?b#c": "/a%3Fb%23c",
    "/\"x'": "/%22x%27",
    "/a\\b": "/a%5Cb",
    "//evil.example.com": "/evil.example.com",
    "/a\r\nSet-Cookie: x": "/a%0D%0ASet-Cookie:%20x",
    "https://example.com/duly": None,
    "/a//b": None,
    "/..": None,
    "/a/../b": None,
    "/./a": None,
    "/%2e%2E/a": None,
    "/%zz": None,
    "/100%": None,
}


@pytest.mark.parametrize("text", READ)
def test_a_prefix_is_read(text: str) -> None:
    assert read_prefix(text) == READ[text]


@pytest.mark.parametrize(
    ("prefix", "path", "sent", "rest"),
    [
        ("/duly", "/duly/api/tasks", "/duly/api/tasks", ("/api/tasks", "/api/tasks")),
        ("/duly", "/duly/a/b/tasks", "/duly/a%2Fb/tasks", ("/a/b/tasks", "/a%2Fb/tasks")),
        ("/duly", "/duly", "/duly", ("/", "/")),
        ("/duly", "/duly/", "/duly/", ("/", "/")),
        ("/a/b", "/a/b/livez", "/a/b/livez", ("/livez", "/livez")),
        ("/d%C3%BCly", "/düly/livez", "/d%c3%bcly/livez", ("/livez", "/livez")),
        ("/duly", "/api/tasks", "/api/tasks", None),
        ("/duly", "/dulyx/api", "/dulyx/api", None),
    ],
)  # fmt: skip
def test_it_is_taken_off_a_path_and_of_what_was_sent(
    prefix: str, path: str, sent: str, rest: tuple[str, str] | None
) -> None:
    assert below(prefix, path, sent) == rest
