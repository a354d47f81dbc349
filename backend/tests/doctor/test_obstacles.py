"""What stands between Duly and the keys is named, with what mends it."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from backend.doctor.finding import Finding
from backend.doctor.keys import examine_keys
from backend.security.signing import Issuer
from backend.tests.doctor.conftest import Changed
from backend.tests.support.key_server import KeyServer

PLAIN = {"environment": "development"}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine has."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def find(changed: Changed) -> Callable[..., Finding]:
    """What the doctor says of the keys at a URL."""

    def find(url: str, **changes: Any) -> Finding:
        return next(iter(examine_keys(changed(auth_jwks_url=url, **{**PLAIN, **changes}))))

    return find


def handler(status: int, body: bytes = b"", **fields: str) -> type[BaseHTTPRequestHandler]:
    """Has one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the parent
            pass

    return Handler


@contextmanager
def answering(status: int, body: bytes = b"", **fields: str) -> Iterator[str]:
    """A server that has one answer to everything; its URL."""
    answers = handler(status, body, **fields)
    with served(ThreadingHTTPServer(("127.0.0.1", 0), answers)) as port:
        yield f"http://127.0.0.1:{port}/api/auth/jwks"


@contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


LOGIN_PAGE = b"<!doctype html><html><head><title>Sign in \xe2\x80\x94 Corp</title>"
ANSWERS: dict[str, tuple[int, bytes, dict[str, str], str, str]] = {
    "a login page": (
        *(200, LOGIN_PAGE, {}, "answers a web page ('Sign in", "through without a login"),
    ),
    "a page of the frontend": (
        *(200, b"<html><title>Shop</title>", {}, "answers a web page ('Shop')", "`basePath`"),
    ),
    "a redirect to a login": (
        *(307, b"", {"Location": "/login?next=/api/auth/jwks"}, "redirects (307)", "`matcher`"),
    ),
    "a redirect to https": (
        *(301, b"", {"Location": "https://app.example.com/"}, "redirects (301)", "Set AUTH_JWKS"),
    ),
    "a wall": (401, b"", {}, "answers 401: something before it asks for a login", "protection"),
    "a forbidding wall": (403, b"", {}, "answers 403: something before it", "they are public"),
    "a proxy that wants a password": (407, b"", {}, "answers 407", "NO_PROXY"),
    "a proxy without the frontend": (502, b"", {}, "a proxy does not reach it", "in a browser"),
    "a gateway that waits": (504, b"", {}, "the frontend is down", "in a browser"),
    "JSON that is no key set": (200, b'{"error":"x"}', {}, "not a key set", "jwt()"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_that_is_no_key_set_is_named(what: str, find: Callable[..., Finding]) -> None:
    status, body, fields, cause, remedy = ANSWERS[what]
    with answering(status, body, **fields) as url:
        found = find(url)
    assert found.verdict == "fail"
    assert found.detail.startswith(f"{url} ")
    assert cause in found.detail
    assert remedy in found.remedy
    assert f"{found.detail}{found.remedy}".isprintable()


def test_a_content_type_of_another_kind_does_no_harm(
    find: Callable[..., Finding], issuer: Issuer
) -> None:
    with (
        KeyServer(issuer) as keys,
        answering(200, keys.document, Content_Type="text/html; charset=utf-8") as url,
    ):
        assert find(url).verdict == "ok"


def test_a_name_that_nobody_knows_is_named(find: Callable[..., Finding]) -> None:
    found = find("http://frontend.invalid:3000/api/auth/jwks")
    assert "the name frontend.invalid is not known here" in found.detail
    assert "NAME.NAMESPACE.svc" in found.remedy


def test_loopback_in_a_container_is_explained(find: Callable[..., Finding]) -> None:
    for host in ("127.0.0.1", "localhost"):
        found = find(f"http://{host}:1/api/auth/jwks")
        assert "nobody listens there" in found.detail
        assert "In a container this address is the container itself" in found.remedy


def test_another_host_that_refuses_is_explained(find: Callable[..., Finding]) -> None:
    found = find("http://127.0.0.2:1/api/auth/jwks")
    assert "nobody listens there" in found.detail
    assert "HOSTNAME=0.0.0.0" in found.remedy


def test_one_that_never_answers_is_named(find: Callable[..., Finding]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = find(f"http://127.0.0.1:{silent.getsockname()[1]}/api/auth/jwks")
    assert "no answer within 3 s" in found.detail


def test_keys_over_ipv6_are_read(find: Callable[..., Finding], issuer: Issuer) -> None:
    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6

    with KeyServer(issuer) as keys:
        try:
            server = Server(("::1", 0), handler(200, keys.document))
        except OSError:
            pytest.skip("this machine has no IPv6")
        with served(server) as port:
            assert find(f"http://[::1]:{port}/api/auth/jwks").verdict == "ok"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate, an authority, and what it signed: for localhost, for another."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for name, host in (("self", "localhost"), ("authority", "An authority")):
        alone = ("-x509", "-days", "9", "-keyout", f"{name}.key", "-out", f"{name}.crt")
        # Python 3.13 and newer want an authority to say that it signs.
        extension = "subjectAltName=DNS:localhost" if name == "self" else "keyUsage=keyCertSign"
        openssl(*new, *alone, "-subj", f"/CN={host}", "-addext", extension)
    for name, host, days in (("good", "localhost", "9"), ("other", "shop", "9")):
        (folder / "names").write_text(
            f"subjectAltName=DNS:{host}\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
        )
        openssl(*new, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={host}")
        signing = ("-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial")
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", *signing, "-days", days),
            *("-extfile", "names", "-out", f"{name}.crt"),
        )
    return folder


OverTls = Callable[[str], AbstractContextManager[str]]


@pytest.fixture
def over_tls(certificates: Path, issuer: Issuer) -> OverTls:
    """Serves the keys over TLS with one of the certificates."""
    return lambda name: _over_tls(certificates, name, issuer)


@contextmanager
def _over_tls(folder: Path, name: str, issuer: Issuer) -> Iterator[str]:
    with KeyServer(issuer) as keys:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler(200, keys.document))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refusals are news here
        with served(server) as port:
            yield f"https://localhost:{port}/api/auth/jwks"


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("self", "its certificate is self-signed"),
        ("good", "is of an authority that this machine does not know"),
    ],
)
def test_a_certificate_that_is_not_trusted_is_named(
    name: str, cause: str, find: Callable[..., Finding], over_tls: OverTls
) -> None:
    with over_tls(name) as url:
        found = find(url)
    assert found.verdict == "fail"
    assert cause in found.detail
    assert "SSL_CERT_FILE" in found.remedy


@pytest.fixture
def trust(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Trusts one of the certificates."""
    return lambda name: monkeypatch.setenv("SSL_CERT_FILE", str(certificates / f"{name}.crt"))


def test_a_certificate_for_another_host_is_named(
    find: Callable[..., Finding], over_tls: OverTls, trust: Callable[[str], None]
) -> None:
    trust("authority")
    with over_tls("other") as url:
        found = find(url)
    assert "its certificate is for another host" in found.detail
    assert "as the certificate does" in found.remedy


@pytest.mark.parametrize(("name", "trusted"), [("self", "self"), ("good", "authority")])
def test_an_authority_of_ones_own_is_named_by_ssl_cert_file(
    name: str,
    trusted: str,
    find: Callable[..., Finding],
    over_tls: OverTls,
    trust: Callable[[str], None],
) -> None:
    trust(trusted)
    with over_tls(name) as url:
        assert find(url).verdict == "ok"


def test_https_to_who_speaks_http_is_named(find: Callable[..., Finding], source: KeyServer) -> None:
    found = find(source.url.replace("http:", "https:"))
    assert "speaks another protocol" in found.detail
    assert "AUTH_JWKS_TRUSTED_HOSTS" in found.remedy


def test_http_to_who_speaks_https_is_named(find: Callable[..., Finding], over_tls: OverTls) -> None:
    with over_tls("good") as url:
        found = find(url.replace("https:", "http:"))
    assert found.verdict == "fail"
    assert "cannot be reached" in found.detail


def test_a_proxy_in_between_is_named(
    find: Callable[..., Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    found = find("https://app.example.com/api/auth/jwks")
    assert "through HTTPS_PROXY=http://127.0.0.1:1" in found.detail
    assert "NO_PROXY=app.example.com" in found.remedy
