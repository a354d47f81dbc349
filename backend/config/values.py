"""How the values of settings are read, and what each may be by itself."""

import json
import re
from ipaddress import ip_network
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode

from backend.core.prefix import read_prefix
from backend.core.rates import parse_limits

Algorithm = Literal["EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "PS256"]

_FIELD_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.1

LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1"))
"""The addresses of this machine."""

MAIN_ISSUER: Final = "main"
"""What the issuer of `BETTER_AUTH_URL` is called beside the names of `AUTH_ISSUERS`."""


def split(value: object) -> object:
    """The parts of a text that commas separate; anything else as it is."""
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)]


def read_json(value: object) -> object:
    """The value of a JSON text; nothing for an empty one.

    Raises:
        ValueError: when it is no JSON.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else ()
    except ValueError:
        raise ValueError('must be a JSON list: [{"name": "mobile", …}]') from None


def listed(value: object) -> object:
    """One text as a list of one."""
    return [value] if isinstance(value, str) else value


def read_networks(value: object) -> object:
    """Addresses and networks, separated by commas.

    Raises:
        ValueError: when one is neither.
    """
    parts = split(value)
    try:
        return tuple(map(ip_network, parts)) if isinstance(parts, list) else parts
    except ValueError:
        raise ValueError("takes addresses or networks such as 10.0.0.0/8, 2001:db8::1") from None


def check_field_names(value: tuple[str, ...]) -> tuple[str, ...]:
    """Names of header fields, as they came.

    Raises:
        ValueError: when one is none.
    """
    if not all(map(_FIELD_NAME.fullmatch, value)):
        raise ValueError("takes names of header fields such as X-Client-Version, or *")
    return value


def check_prefix(value: str) -> str:
    """A prefix of paths, in the one form.

    Raises:
        ValueError: when it is no path.
    """
    prefix = read_prefix(value)
    if prefix is None:
        raise ValueError("takes a path such as /duly, not a whole URL")
    return prefix


def read_most(value: object) -> object:
    """A largest number, None for `off`."""
    return None if isinstance(value, str) and value.strip().lower() in {"", "off"} else value


def check_limits(value: str) -> str:
    """Rate limits, as they came.

    Raises:
        ValueError: when they are none.
    """
    parse_limits(value)
    return value


def is_redis(url: str) -> bool:
    """Whether this is a URL of Redis."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port, or the brackets
        return False
    database = parts.path.strip("/")
    return named and parts.scheme in {"redis", "rediss"} and (not database or database.isdecimal())


class AdditionalIssuer(BaseModel):
    """An issuer beside the main one: an object in the list `AUTH_ISSUERS`.

    Attributes:
        name: Comes before its subjects, with a colon, and so keeps its users apart from others'.
        issuer: The `iss` of its tokens, to the letter.
        audience: Accepted `aud`, one or a list.
        jwks_url: Where its public keys are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    issuer: str = Field(min_length=1)
    audience: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(min_length=1),
        BeforeValidator(listed),
    ]
    jwks_url: str
