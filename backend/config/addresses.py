"""Where this machine can listen."""

import errno
import socket
from typing import Any


def addresses(host: str, port: int) -> list[tuple[int, Any]]:
    """The family and the address of each, once.

    Raises:
        OSError: when there is none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):  # of a name too long, or with an empty label
        raise OSError(errno.EADDRNOTAVAIL, "no address") from None
    return list(dict.fromkeys((each[0], each[4]) for each in found))


def find_bad_host(host: str) -> str | None:
    """Why nobody can listen on that host here, whatever the port; None when one can."""
    try:
        found = addresses(host, 0)
    except OSError:
        found = []
    return None if any(_is_here(*each) for each in found) else no_address(host)


def no_address(host: str) -> str:
    """That none of a host's addresses is here, and what to set."""
    return (
        f"HOST={host} is no address of this machine: set HOST to 127.0.0.1, or to 0.0.0.0 for "
        "all. (Conda and csh set HOST to the machine's name: `unset HOST` there.)"
    )


def _is_here(family: int, address: Any) -> bool:
    with socket.socket(family) as probe:
        try:
            probe.bind(address)
        except OSError:
            return False
    return True
