"""The certificates that this machine trusts, for `sslrootcert=system`.

The OpenSSL inside psycopg's wheel looks for them where the wheel was built, so it is told.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from psycopg import pq

_FILES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch, Gentoo, NixOS
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL and their kin
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # the newest of them
    "/var/lib/ca-certificates/ca-bundle.pem",  # SUSE
    "/etc/ssl/ca-bundle.pem",  # older SUSE
    "/etc/ssl/cert.pem",  # Alpine without the package, macOS, BSD
    "/usr/local/share/certs/ca-root-nss.crt",  # FreeBSD
)
_FOLDERS: Final = ("/etc/ssl/certs", "/etc/pki/tls/certs")


def find_system_roots(parts: Mapping[str, Any], root: Path = Path("/")) -> None:
    """Name the machine's certificates to OpenSSL, if a connection asks for them.

    Whoever has named others (`SSL_CERT_FILE`, `SSL_CERT_DIR`) is right.

    Args:
        parts: The parameters of the connection; a service may ask for them as well.
        root: Where the machine's folders are.
    """
    asked = parts.get("sslrootcert", os.environ.get("PGSSLROOTCERT"))
    by_service = "service" in parts or "PGSERVICE" in os.environ
    if pq.__impl__ != "binary" or not (asked == "system" or (asked is None and by_service)):
        return
    if {"SSL_CERT_FILE", "SSL_CERT_DIR"} & os.environ.keys():
        return
    for variable, places in (("SSL_CERT_FILE", _FILES), ("SSL_CERT_DIR", _FOLDERS)):
        if found := _first(places, root):
            os.environ[variable] = found


def _first(places: Sequence[str], root: Path) -> str | None:
    paths = (root / place.removeprefix("/") for place in places)
    return next((str(path) for path in paths if path.exists()), None)
