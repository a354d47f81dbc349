"""TLS, as hosted PostgreSQL speaks it, and whom this machine trusts.

Proxies of hosts fill records of 16 KiB, twice what libpq reads. libpq before its releases of 2026
left the rest of such a record in OpenSSL's buffer, where no event loop notices it: the answer was
complete, and the call hung.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from psycopg import OperationalError, pq
from sqlalchemy import make_url

from backend.database import roots, urls
from backend.database.connection.wire import Wire
from backend.tests.database.calls import options, sql

READY = b"Z\0\0\0\5I"  # ReadyForQuery ends each answer


def certificate(directory: Path) -> ssl.SSLContext:
    """A context with a certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    ).sign(key, hashes.SHA256())
    path = directory / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.set_alpn_protocols(["postgresql"])
    return context


@asynccontextmanager
async def tls(url: str, directory: Path) -> AsyncIterator[str]:
    """The same database behind a proxy that sends each answer in records as large as TLS allows."""
    target = make_url(url)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket = f"{target.query['host']}/.s.PGSQL.5432"
        from_server, to_server = await asyncio.open_unix_connection(socket)

        async def requests() -> None:
            while data := await reader.read(65_536):
                to_server.write(data)
            to_server.close()

        async def answers() -> None:
            whole = b""
            while data := await from_server.read(65_536):
                whole += data
                if whole.endswith(READY) or not whole.startswith(b"1"):  # ParseComplete
                    writer.write(whole)
                    whole = b""

        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(requests(), answers())
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=certificate(directory))
    port = server.sockets[0].getsockname()[1]
    query = {"sslmode": "require", "sslnegotiation": "direct"}
    yield (target.set(host="127.0.0.1", port=port, query=query)).render_as_string()
    server.close()


@pytest.mark.anyio
async def test_answers_of_every_length_arrive_in_full_records(
    database_url: str, tmp_path: Path
) -> None:
    async with tls(database_url, tmp_path) as url:
        wire = await Wire.connect(url, options(prepare=False))
        for rows in range(200, 520):  # 16 to 43 KB, in steps smaller than what is left behind
            command = sql("select repeat('x', 77) from generate_series(1, :rows)", rows=rows)
            [answer] = await wire.send([command])
            assert len(answer) == rows
        wire.close()


SYSTEM = {"sslrootcert": "system"}
of_the_wheel = pytest.mark.skipif(pq.__impl__ != "binary", reason="a libpq of the machine's own")


@pytest.fixture
def nobody_said_whom_to_trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "PGSSLROOTCERT", "PGSERVICE"):
        monkeypatch.setenv(name, "")  # so that it is put back in the end
        monkeypatch.delenv(name)
    yield
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        os.environ.pop(name, None)


@of_the_wheel
@pytest.mark.anyio
@pytest.mark.usefixtures("nobody_said_whom_to_trust")
async def test_the_certificates_of_the_machine_are_those_of_the_system(
    database_url: str, tmp_path: Path
) -> None:
    machine = tmp_path / "machine"
    (machine / "etc/ssl/certs").mkdir(parents=True)
    async with tls(database_url, tmp_path) as url:
        safe = make_url(url).set(
            host="localhost",
            query={"sslmode": "verify-full", "sslnegotiation": "direct", "hostaddr": "127.0.0.1"},
        )
        system = safe.update_query_dict(SYSTEM).render_as_string()
        with pytest.raises(OperationalError, match="certificate verify failed"):
            await Wire.connect(urls.complete(system), options(prepare=False))
        (machine / "etc/ssl/certs/ca-certificates.crt").write_text(
            (tmp_path / "certificate.pem").read_text().partition("-----END PRIVATE KEY-----")[2]
        )
        for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            os.environ.pop(name, None)
        roots.find_system_roots(SYSTEM, machine)
        wire = await Wire.connect(urls.complete(system), options(prepare=False))
        assert await wire.send([sql("select 1")]) == [[(b"1",)]]
        wire.close()


@of_the_wheel
@pytest.mark.usefixtures("nobody_said_whom_to_trust")
@pytest.mark.parametrize(
    "place",
    [
        "etc/ssl/certs/ca-certificates.crt",
        "etc/pki/tls/certs/ca-bundle.crt",
        "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "var/lib/ca-certificates/ca-bundle.pem",
        "etc/ssl/ca-bundle.pem",
        "etc/ssl/cert.pem",
        "usr/local/share/certs/ca-root-nss.crt",
    ],
)
def test_they_are_found_where_distributions_keep_them(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).touch()
    roots.find_system_roots({"sslrootcert": "/own.crt"}, tmp_path)
    assert "SSL_CERT_FILE" not in os.environ
    roots.find_system_roots(SYSTEM, tmp_path)
    assert os.environ["SSL_CERT_FILE"] == str(tmp_path / place)


@of_the_wheel
@pytest.mark.usefixtures("nobody_said_whom_to_trust")
@pytest.mark.parametrize(
    ("variables", "parts"),
    [
        ({"PGSSLROOTCERT": "system"}, {}),
        ({"PGSERVICE": "tasks"}, {}),
        ({}, {"service": "tasks"}),
    ],
)
def test_the_environment_and_services_may_ask_for_them_too(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    parts: dict[str, str],
) -> None:
    (tmp_path / "etc/ssl/certs").mkdir(parents=True)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    roots.find_system_roots(parts, tmp_path)
    assert os.environ["SSL_CERT_DIR"] == str(tmp_path / "etc/ssl/certs")


@pytest.mark.usefixtures("nobody_said_whom_to_trust")
def test_whoever_has_said_whom_to_trust_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc/ssl/certs").mkdir(parents=True)
    monkeypatch.setenv("SSL_CERT_FILE", "/own/authority.pem")
    roots.find_system_roots(SYSTEM, tmp_path)
    assert "SSL_CERT_DIR" not in os.environ
    assert os.environ["SSL_CERT_FILE"] == "/own/authority.pem"
