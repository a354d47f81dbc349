"""The port: claimed once, by the parent of the workers, or refused in words that say who has it."""

import errno
import os
import re
import resource
import socket
import sys
from pathlib import Path
from typing import Any, Final

from backend.config.addresses import addresses, no_address

_BACKLOG: Final = 4_096
_LISTENS: Final = "0A"  # TCP_LISTEN in /proc/net/tcp (proc(5))


class PortUnavailable(Exception):  # noqa: N818 - named for what it means
    """The address cannot be listened on; the message says why and what to do."""


def claim(host: str, port: int, setting: str) -> list[socket.socket]:
    """Sockets that listen there, one for each address; nobody else can while they are open.

    Args:
        host: An address, or a name of this machine: of its addresses, those that exist.
        port: The port.
        setting: What sets the port.

    Raises:
        PortUnavailable: when it cannot be had on one of them.
    """
    claimed: list[socket.socket] = []
    try:
        for family, address in addresses(host, port):
            if listener := _listen(family, address, alone=host != "::"):
                claimed.append(listener)
        if not claimed:
            raise OSError(errno.EADDRNOTAVAIL, "no address")  # noqa: TRY301 - told as the others
    except OSError as error:
        for each in claimed:
            each.close()
        raise PortUnavailable(_explain(error, host, f"{setting}={port}", port)) from None
    return claimed


def _listen(family: int, address: Any, *, alone: bool) -> socket.socket | None:
    """A socket that listens there; None when this machine does not have the address.

    Args:
        family: Of the address.
        address: As getaddrinfo has it.
        alone: Whether an IPv6 one takes no IPv4.
    """
    both = family == socket.AF_INET6 and not alone and socket.has_dualstack_ipv6()
    try:
        listener = socket.create_server(
            address, family=family, backlog=_BACKLOG, dualstack_ipv6=both
        )
    except OSError as error:
        if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
            return None
        raise
    listener.setblocking(False)  # noqa: FBT003 - as the standard library has it
    return listener


def raise_descriptor_limit() -> int:
    """Allow as many open files as the system lets this process have.

    Returns:
        How many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):  # macOS says "unlimited" and means less
            return soft
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def _explain(error: OSError, host: str, setting: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        holder = _holder(port)
        who = f" by {holder}" if holder else ""
        return f"{setting} is taken{who}: end that program, or set another port."
    if error.errno == errno.EACCES:
        return f"{setting} needs privileges that this user lacks: set 1024 or more."
    if error.errno == errno.EADDRNOTAVAIL:
        return no_address(host)
    return f"HOST={host}, {setting} cannot be listened on: {os.strerror(error.errno or 0)}."


def _holder(port: int) -> str | None:
    """Who listens on the port, as far as this user may see (Linux)."""
    sockets = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            rows = [row.split() for row in table.read_text().splitlines()[1:]]
        except OSError:
            continue
        sockets |= {
            f"socket:[{row[9]}]"
            for row in rows
            if row[1].endswith(f":{port:04X}") and row[3] == _LISTENS
        }
    holders = [int(each.name) for each in Path("/proc").glob("[0-9]*") if _has(each, sockets)]
    if not holders:
        return None
    first = min(holders)  # the parent of workers
    words = Path(f"/proc/{first}/cmdline").read_bytes().split(b"\0")
    name = " ".join(re.sub(r".*/", "", word.decode(errors="replace")) for word in words[:3] if word)
    return f"`{name}` (process {first})"


def _has(process: Path, sockets: set[str]) -> bool:
    try:
        return any(str(each.readlink()) in sockets for each in (process / "fd").iterdir())
    except OSError:
        return False
