"""The whole table of forged tokens, sent to `duly serve`: refused alike, and logged in silence."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.tests.security.attacks import ATTACKS, Attack, fits_a_header
from backend.tests.support.program import ServedProgram
from backend.tests.support.raw_http import Answer, request, send
from backend.tests.support.target import ALICE, Target

_REQUEST_ID = re.compile(rb'"request_id": "[^"]*"')
_HEADER_BYTES = 16_000


@pytest.fixture(scope="module")
def tokens(target: Target) -> dict[str, str]:
    """The attacks that can be written into a header field, by name."""
    built = {attack.name: attack.build(target) for attack in ATTACKS}
    return {
        name: token
        for name, token in built.items()
        if fits_a_header(token) and len(token) < _HEADER_BYTES
    }


@pytest.fixture(scope="module")
def answers(tokens: dict[str, str], program: ServedProgram) -> dict[str, Answer]:
    """Asked for at once: a token with a key that nobody knows waits for the key set."""
    with ThreadPoolExecutor(16) as threads:
        found = threads.map(lambda token: ask(program, token), tokens.values())
        return dict(zip(tokens, found, strict=True))


def ask(program: ServedProgram, token: str) -> Answer:
    return send(program.url, request("GET", "/api/tasks", f"Authorization: Bearer {token}"))


def test_nearly_all_of_the_table_can_be_sent(tokens: dict[str, str]) -> None:
    assert len(tokens) > 0.9 * len(ATTACKS)


def test_what_the_attacks_vary_is_accepted(program: ServedProgram, target: Target) -> None:
    for issuer in (target.ed, target.ec, target.rsa):
        assert ask(program, issuer.sign(target.claims())).status == 200


def test_every_attack_is_401(answers: dict[str, Answer]) -> None:
    assert {name: answer.status for name, answer in answers.items() if answer.status != 401} == {}


def test_the_client_learns_at_most_a_limit_from_the_answer(answers: dict[str, Answer]) -> None:
    long_lived = {attack.name for attack in ATTACKS if attack.reason == "lifetime_refused"}
    bodies: dict[bool, set[bytes]] = {True: set(), False: set()}
    for name, answer in answers.items():
        bodies[name in long_lived].add(_REQUEST_ID.sub(b"", answer.body))
    assert [len(each) for each in bodies.values()] == [1, 1]
    varying = {"x-request-id", "date", "content-length"}
    fields = {
        tuple(pair for pair in answer.headers.items() if pair[0] not in varying)
        for answer in answers.values()
    }
    assert len(fields) == 1
    for answer in answers.values():
        assert answer.json()["code"] == "invalid_token"
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_the_operator_learns_the_reason_from_the_log(
    answers: dict[str, Answer], program: ServedProgram
) -> None:
    reasons: dict[str, Attack] = {attack.name: attack for attack in ATTACKS}
    for name, answer in answers.items():
        line = program.find_log(request_id=answer.headers["x-request-id"])
        assert line["status"] == 401
        assert line["problem"] == "invalid_token"
        assert line["reason"] == reasons[name].reason


def test_the_log_holds_neither_token_nor_claims(
    answers: dict[str, Answer], tokens: dict[str, str], program: ServedProgram
) -> None:
    for answer in answers.values():
        program.find_log(request_id=answer.headers["x-request-id"])
    output = program.output()
    assert ALICE not in output
    assert "Alice" not in output
    assert "passwd" not in output
    for token in tokens.values():
        for part in token.split("."):
            assert len(part) < 12 or part not in output


@pytest.mark.parametrize(
    "outside", ["é", "\uff0e", "\uff45", "\udcff".encode("utf-8", "surrogatepass")]
)
def test_bytes_outside_ascii_are_401_too(
    outside: str | bytes, program: ServedProgram, target: Target
) -> None:
    more = outside if isinstance(outside, bytes) else outside.encode()
    line = f"Authorization: Bearer {target.token()}".encode() + more
    assert send(program.url, request("GET", "/api/tasks", line)).status == 401


def test_a_megabyte_of_token_is_refused(program: ServedProgram) -> None:
    assert ask(program, "A" * 1_000_000).status in {0, 400, 431}
