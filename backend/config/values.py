"""How the values of settings are read, and what each may be by itself."""

import json
import re
from ipaddress import ip_address, ip_interface, ip_network
from typing import Annotated, Final, Literal, get_args
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode

from backend.config.urls import read_origin, read_web_url
from backend.core import rates
from backend.core.prefix import read_prefix

Algorithm = Literal["EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "PS256"]

_USER: Final = re.compile(r"://.*@")
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.1

LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1"))
"""The addresses of this machine."""

MAIN_ISSUER: Final = "main"
"""What the issuer of `BETTER_AUTH_URL` is called beside the names of `AUTH_ISSUERS`."""

_ALGORITHMS: Final = {each.lower(): each for each in get_args(Algorithm)}
# What redis-py reads from the query of a URL, and the files of TLS.
_REDIS_PARAMETERS: Final = frozenset(
    {"db", "protocol", "client_name", "health_check_interval", "socket_timeout"}
    | {"socket_connect_timeout", "socket_keepalive", "username", "password"}
    | {"ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname"}
)


def split(value: object) -> object:
    """The parts of a text that commas separate, or of a JSON list; anything else as it is."""
    if not isinstance(value, str):
        return value
    if value.startswith("[") and value.endswith("]"):
        try:
            return [each for each in json.loads(value) if each != ""]
        except ValueError:  # of YAML or Python, whose quotes are others
            value = value[1:-1]
    between = r"[,;\s]" if "://" in value else r"[,\n]"  # no URL has blanks in it
    parts = (part.strip().strip("\"'") for part in re.split(between, value))
    return [part for part in parts if part]


def split_words(value: object) -> object:
    """As `split`, and blanks and semicolons separate as well."""
    return split(re.sub(r"[\s;]+", ",", value)) if isinstance(value, str) else value


def _audiences(values: tuple[str, ...]) -> tuple[str, ...]:
    if starred := [each for each in values if "*" in each]:
        raise ValueError(f"is compared to the letter, so {starred[0]} fits no token")
    if any(map(_USER.search, values)):
        raise ValueError("takes no user and password: tokens name their audience without")
    return values


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(read_origin, values)))


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)]
Audiences = Annotated[CommaSeparated, AfterValidator(_audiences)]
Origins = Annotated[
    tuple[str, ...], NoDecode, AfterValidator(_origins), BeforeValidator(split_words)
]


def read_algorithms(value: object) -> object:
    """Names of algorithms, in any case.

    Raises:
        ValueError: when one is of a shared secret.
    """
    names = split_words(value)
    if not isinstance(names, list):
        return names
    if not names:
        raise ValueError("must name one or more, such as EdDSA")
    if any(str(name).upper().startswith("HS") for name in names):
        raise ValueError("are those of public keys: HS256 comes with AUTH_SHARED_SECRET instead")
    return [_ALGORITHMS.get(str(name).lower(), name) for name in names]


def read_issuer(value: str) -> str:
    """One `iss`, to the letter.

    Raises:
        ValueError: when it looks like several.
    """
    if "*" in value:
        raise ValueError(f"is compared to the letter, so {value} fits no token")
    if value.startswith("[") or re.search(r",|\s", value):
        raise ValueError("takes one issuer, without commas and blanks: AUTH_ISSUERS takes more")
    if _USER.search(value):
        raise ValueError("takes no user and password: tokens name their issuer without")
    return value


def read_base_url(value: str) -> str:
    """The URL of a frontend, normalised, with its path and without a slash at the end.

    Raises:
        ValueError: when it is none.
    """
    if "," in value:
        raise ValueError("takes one URL: AUTH_ISSUERS takes those of more frontends")
    url = read_web_url(value)
    bare = url.origin + url.path.rstrip("/\\")
    if url.user or url.rest:
        raise ValueError(f"takes no user, query and fragment: {bare}")
    if url.path.endswith("/jwks"):
        raise ValueError(f"takes the frontend's URL; that of its keys is AUTH_JWKS_URL={bare}")
    return bare


def read_key_url(value: str) -> str:
    """The URL of a key set, normalised as far as that changes nothing.

    Raises:
        ValueError: when it is none.
    """
    url = read_web_url(value)
    bare = f"{url.origin}{url.path}"
    if url.user:
        raise ValueError(
            "takes no user and password, since keys are public: let their path through without a "
            f"login, and write {bare}"
        )
    return f"{bare}{url.rest.partition('#')[0]}"


def read_json(value: object) -> object:
    """The list of a JSON text, or of one object; nothing for an empty one.

    Raises:
        ValueError: when it is no JSON.
    """
    if not isinstance(value, str):
        return value
    try:
        read = json.loads(value) if value.strip() else ()
    except ValueError:
        raise ValueError('must be a JSON list: [{"name": "mobile", …}]') from None
    return [read] if isinstance(read, dict) else read


def read_networks(value: object) -> object:
    """Addresses and networks, separated by commas.

    Raises:
        ValueError: when one is neither.
    """
    parts = split_words(value)
    return tuple(map(_network, parts)) if isinstance(parts, list) else parts


def _network(text: object) -> object:
    bare = re.sub(r"[\[\]]", "", str(text))
    try:
        return ip_network(bare)
    except ValueError:
        pass
    try:
        meant = str(ip_interface(bare).network)  # 10.0.0.1/8 is one address, or 10.0.0.0/8
    except ValueError:
        meant = "127.0.0.1, ::1" if bare == "localhost" else "10.0.0.0/8, 2001:db8::1"
    raise ValueError(f"takes addresses or networks such as {meant}, not {text}")


def read_host(value: str) -> str:
    """An address or name to listen on.

    Raises:
        ValueError: when it is more, or less.
    """
    if value == "*":
        raise ValueError("must be an address: 0.0.0.0 is all of IPv4, :: all of both")
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    match = re.fullmatch(r"(?:\w+://)?\[?([^/\]]+?)\]?(?::(\d+))?/?", bare)
    if match and (match[2] or "://" in bare) and (":" not in match[1] or "[" in bare):
        port = f" and PORT={match[2]}" if match[2] else ""
        raise ValueError(f"takes an address alone: set HOST={match[1]}{port}")
    return bare


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


_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")


def read_hosts(value: object) -> object:
    """Names or addresses of hosts, separated by commas, as `urlsplit(…).hostname` has them.

    Raises:
        ValueError: when one is a pattern, a network or no host at all.
    """
    parts = split(value)
    return tuple(map(_host, parts)) if isinstance(parts, list) else parts


def _host(text: str) -> str:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        pass
    try:
        # What belongs to a URL around the name says nothing else.
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        is_network = "//" not in text and "/" in text
    except ValueError:  # of the brackets
        host, is_network = "", False
    host = host.removesuffix(".")
    if is_network or not (_HOST.fullmatch(host) or ":" in host):
        raise ValueError("takes names or addresses of single hosts: frontend, 10.0.0.5")
    return host


TrustedHosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(read_hosts)]


def check_limits(value: str) -> str:
    """Rate limits, as they came.

    Raises:
        ValueError: when they are none.
    """
    rates.parse_limits(value)
    return value


def find_redis_fault(url: str) -> str | None:
    """Why this is no URL of Redis, without repeating it: it may hold a password."""
    example = "must be a URL such as redis://user:password@host:6379/0"
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port, or the brackets
        return example
    database = parts.path.strip("/")
    if parts.scheme in {"http", "https"} and parts.hostname:
        return f"{example}, not the one of its web interface"
    if not named or parts.scheme not in {"redis", "rediss"}:
        return example
    if database and not database.isdecimal():
        return example
    names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if unknown := sorted(names - _REDIS_PARAMETERS):
        return f"has parameters that are not known here: take out {', '.join(unknown)}"
    return None


class AdditionalIssuer(BaseModel):
    """An issuer beside the main one: an object in the list `AUTH_ISSUERS`.

    Attributes:
        name: Comes before its subjects, with a colon, and so keeps its users apart from others'.
        issuer: The `iss` of its tokens, to the letter.
        audience: Accepted `aud`, one or a list.
        jwks_url: Where its public keys are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    issuer: Annotated[str, AfterValidator(read_issuer)] = Field(min_length=1)
    audience: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(min_length=1),
        BeforeValidator(split),
    ]
    jwks_url: Annotated[str, AfterValidator(read_key_url)]
