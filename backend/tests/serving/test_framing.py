"""Where a request ends must be beyond doubt: otherwise one answer, 400, and the end (RFC 9112)."""

import re

import pytest

from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram
from backend.tests.support.raw_http import sent

# A second request that must never be answered: it is what would be smuggled.
SECOND = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
HEAD = b"POST /api/tasks HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

UNCLEAR = {
    "a length and chunks": HEAD
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": HEAD
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 4\r\n\r\n{}",
    "the same length twice": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": HEAD + b"Content-Length: -2\r\n\r\n{}",
    "a hexadecimal length": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "an empty length": HEAD + b"Content-Length: \r\n\r\n",
    "a length over 64 bits": HEAD + b"Content-Length: 18446744073709551618\r\n\r\n{}",
    "a coding before chunks": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding behind chunks": HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "an unknown coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "identity": HEAD + b"Transfer-Encoding: identity\r\n\r\n",
    "chunks twice": HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
    "an odd space before the coding": HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n",
    "bare LF": b"GET /livez HTTP/1.1\nHost: x\n\n",
    "one bare LF": b"GET /livez HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
    "bare LF at the end": b"GET /livez HTTP/1.1\r\nHost: x\r\n\n",
    "bare CR": b"GET /livez HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
    "a folded line": b"GET /livez HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "a space before the first field": b"GET /livez HTTP/1.1\r\n Host: x\r\n\r\n",
    "NUL in a value": b"GET /livez HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    "a field without a name": b"GET /livez HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n",
    "a field without a colon": b"GET /livez HTTP/1.1\r\nHost: x\r\nhello\r\n\r\n",
    "a size that is no number": CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "a size with a prefix": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a size with a sign": CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n",
    "a size with a space": CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n",
    "a size over 64 bits": CHUNKED + b"10000000000000002\r\n{}\r\n0\r\n\r\n",
    "a chunk that is longer than it says": CHUNKED + b"1\r\n{}\r\n0\r\n\r\n",
    "bare LF behind a size": CHUNKED + b"2\n{}\r\n0\r\n\r\n",
    "bare LF behind a chunk": CHUNKED + b"2\r\n{}\n0\r\n\r\n",
    "bare LF in an extension": CHUNKED + b"2;a\nb\r\n{}\r\n0\r\n\r\n",
    "no Host": b"GET /livez HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "HTTP/0.9": b"GET /livez\r\n\r\n",
    "HTTP/1.2": b"GET /livez HTTP/1.2\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "a tab in the request line": b"GET\t/livez\tHTTP/1.1\r\nHost: x\r\n\r\n",
    "a tunnel": b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
}


def answers(program: ServedProgram, message: bytes) -> list[int]:
    """The status of every answer until the server closes."""
    with sent(program.url, message) as connection:
        received = b""
        try:
            while data := connection.recv(65_536):
                received += data
        except ConnectionResetError:
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


@pytest.mark.parametrize("message", UNCLEAR.values(), ids=UNCLEAR)
def test_a_request_whose_end_is_in_doubt_is_refused_and_ends_the_connection(
    message: bytes, program: ServedProgram
) -> None:
    [status] = answers(program, message + SECOND)
    assert 400 <= status < 500


def test_what_stands_behind_a_refusal_is_not_answered_wherever_it_is_cut(
    program: ServedProgram,
) -> None:
    message = UNCLEAR["chunks and a length"]
    for end in range(len(message) - 12, len(message)):
        with sent(program.url, message[:end]) as connection:
            connection.sendall(message[end:] + SECOND)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 400 ")


def test_requests_sent_at_once_are_answered_in_order(program: ServedProgram, alice: Person) -> None:
    token = alice.token.encode()
    fields = b"Host: x\r\nAuthorization: Bearer " + token + b"\r\n"
    body = b'{"title": "first"}'
    create = b"POST /api/tasks HTTP/1.1\r\n%bContent-Type: application/json\r\n" % fields
    create += b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    unknown = b"GET /nowhere HTTP/1.1\r\n%b\r\n" % fields
    assert answers(program, create + unknown + create + SECOND) == [201, 404, 201, 200]


def test_a_refusal_waits_for_its_turn(program: ServedProgram) -> None:
    good = SECOND.replace(b"Connection: close\r\n", b"")
    assert answers(program, good * 3 + UNCLEAR["bare LF"] + SECOND) == [200, 200, 200, 400]


def test_more_requests_at_once_than_anybody_needs_are_cut_off(program: ServedProgram) -> None:
    good = SECOND.replace(b"Connection: close\r\n", b"")
    found = answers(program, good * 1_000)
    assert found.count(200) < 100
    assert found[-1] == 400


@pytest.mark.parametrize(
    "url", ["http://elsewhere.example.com/livez", "https://x:1/livez?a=b", "/livez", "/livez/"]
)
def test_a_target_may_be_a_whole_url(url: str, program: ServedProgram) -> None:
    message = f"GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    assert answers(program, message) in ([200], [422])


def test_http_1_0_is_answered_and_closed(program: ServedProgram) -> None:
    assert answers(program, b"GET /livez HTTP/1.0\r\n\r\n") == [200]


def test_an_upgrade_that_nobody_speaks_is_answered_as_http_1_1(program: ServedProgram) -> None:
    upgrade = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    assert answers(program, upgrade + b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n") == [200]


def test_a_body_in_chunks_of_one_byte_is_read(program: ServedProgram, alice: Person) -> None:
    body = b'{"title": "%b"}' % (b"x" * 200)
    body += b" " * (65_536 - len(body))
    head = CHUNKED.replace(
        b"\r\n\r\n",
        b"\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer "
        + alice.token.encode()
        + b"\r\n\r\n",
    )
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    assert answers(program, head + chunks) == [201]


def test_a_trailer_is_no_header_field(program: ServedProgram, alice: Person) -> None:
    body = b"2\r\n{}\r\n0\r\nAuthorization: Bearer %b\r\n\r\n" % alice.token.encode()
    head = CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert answers(program, head + body) == [401]


@pytest.mark.parametrize("kind", ["head", "trailers", "extension"])
def test_bytes_that_are_no_body_are_bounded(kind: str, program: ServedProgram) -> None:
    begun = {
        "head": b"GET /livez HTTP/1.1\r\nHost: x\r\nX: ",
        "trailers": CHUNKED + b"0\r\nX: ",
        "extension": CHUNKED + b"1;x=",
    }[kind]
    assert answers(program, begun + b"y" * 2_000_000)[0] in {401, 431}
