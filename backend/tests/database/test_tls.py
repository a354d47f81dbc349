"""TLS, as hosted PostgreSQL speaks it: its proxies fill records of 16 KiB, twice what libpq reads.

libpq before its releases of 2026 left the rest of such a record in OpenSSL's buffer, where no event
loop notices it: the answer was complete, and the call hung.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import make_url

from backend.database.connection.wire import Wire
from backend.tests.database.calls import options, sql

pytestmark = pytest.mark.anyio

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
