"""Which shared secrets are certainly known to others."""

import secrets

import pytest

from backend.core.secrets import find_weakness


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        (b"", "needs at least 32 bytes"),
        (b"31 bytes, however random, it is", "needs at least 32 bytes"),
        (b"s" * 32, "repeats or counts"),
        (bytes(64), "repeats or counts"),
        (b"a" * 60 + b"b", "repeats or counts"),
        (b"ab" * 20, "repeats or counts"),
        (b"password" * 4, "repeats or counts"),
        (b"0123456789" * 3 + b"0123", "repeats or counts"),
        (b"0123456789abcdef" * 2, "repeats or counts"),
        (bytes(range(32)), "repeats or counts"),
        (bytes(range(250, 200, -1)), "repeats or counts"),
        (b"put-the-output-of-openssl-rand-base64-32-here", "placeholder"),
    ],
)
def test_a_secret_that_anybody_could_guess_is_told_why(secret: bytes, why: str) -> None:
    assert why in (find_weakness(secret) or "")


def test_random_secrets_are_accepted_in_any_alphabet() -> None:
    for _ in range(500):
        assert find_weakness(secrets.token_bytes(32)) is None
        assert find_weakness(secrets.token_hex(16).encode()) is None
        assert find_weakness(secrets.token_urlsafe(32).encode()) is None
        assert find_weakness(str(secrets.randbelow(10**40) + 10**39).encode()) is None
