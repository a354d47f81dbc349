"""The package index that this machine is configured for: where it is, and files of it."""

from __future__ import annotations  # an older Python reads this before it is told that it is older

import base64
import configparser
import os
import re
import ssl
import sys
import urllib.request
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit


def configured() -> str | None:
    """The URL of the index; None where the machine names none."""
    url = setting("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", pip="index-url")
    return url and re.sub(r"^[\w.-]+=", "", url)  # uv's may start with a name of the index


def certificates() -> str | None:
    """The file of the certificate authorities to trust; None for those of the system."""
    return setting("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", pip="cert")


def setting(*variables: str, pip: str) -> str | None:
    """The first of these variables that is set, else what pip's configuration files say."""
    for variable in variables:
        if os.environ.get(variable):
            return os.environ[variable]
    parser = configparser.RawConfigParser(strict=False)
    parser.read(_pip_files(), "utf-8")
    for section in ("install", "global"):
        for key in (pip, pip.replace("-", "_")):
            if parser.has_option(section, key):
                return parser.get(section, key)
    return None


def _pip_files() -> list[Path]:
    """Where pip looks, later ones winning (pip's documentation, "Configuration")."""
    chosen = os.environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    home = Path.home()
    shared = (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    personal = os.environ.get("XDG_CONFIG_HOME") or home / ".config"
    return [
        *(Path(folder, "pip/pip.conf") for folder in reversed(shared)),
        Path("/etc/pip.conf"),
        home / ".pip/pip.conf",
        Path(personal, "pip/pip.conf"),
        home / "Library/Application Support/pip/pip.conf",
        *([Path(chosen)] if chosen else []),
    ]


def link(index: str, package: str, file: str) -> str | None:
    """The URL of a file of a package by the index's page of it (PEP 503), if it is there."""
    page, html = fetch(f"{index.rstrip('/')}/{package}/")
    for href in re.findall(r"""href\s*=\s*["']([^"'#]+)""", html.decode()):
        url = urljoin(page, unescape(href))
        if unquote(urlsplit(url).path).endswith(f"/{file}"):
            return url
    return None


def fetch(url: str) -> tuple[str, bytes]:
    """Where it was found after redirections, and what is there; exits with what to do otherwise.

    A name and password in the URL are sent, and kept for the relative links of a page.
    """
    account, at, host = urlsplit(url).netloc.rpartition("@")
    request = urllib.request.Request(url.replace(account + at, "", 1))  # noqa: S310 - as configured
    request.add_header("Accept", "text/html, */*;q=0.1")
    if at:
        basic = base64.b64encode(unquote(account).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {basic}")
    try:
        trusted = ssl.create_default_context(cafile=certificates())
        with urllib.request.urlopen(request, timeout=60, context=trusted) as answer:  # noqa: S310
            return answer.url.replace(f"//{host}", f"//{account}{at}{host}", 1), answer.read()
    except OSError as error:
        sys.exit(
            "Set PIP_INDEX_URL to a package index that this machine reaches (SSL_CERT_FILE and "
            f"https_proxy if it needs them), or install uv: {host} says: {error}"
        )
