"""JSON as RFC 8259 and RFC 7493 have it, and nothing that Python adds to it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.strict_json import NotStrictJson, loads

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(document=documents)
def test_what_is_json_is_read(document: Any) -> None:
    assert loads(json.dumps(document).encode()) == document


@given(document=documents, ensure_ascii=st.booleans())
def test_white_space_round_it_is_allowed(document: Any, *, ensure_ascii: bool) -> None:
    text = json.dumps(document, ensure_ascii=ensure_ascii)
    body = f" \t\r\n{text}\n ".encode("utf-8", "replace")
    assert loads(body) == json.loads(body)


@given(body=st.binary())
def test_anything_else_is_refused_and_not_repeated(body: bytes) -> None:
    refusal = ""
    try:
        loads(body)
    except NotStrictJson as error:
        refusal = str(error)
    assert refusal.isascii()
    assert len(refusal) < 80


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"NaN", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b'{"a":1,"a":1}', "twice"),
        (b'{"a":1,"\\u0061":1}', "twice"),
        (b'[{"a":{"b":1,"b":2}}]', "twice"),
        (b'"\xff"', "UTF-8"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        ('"a"'.encode("utf-16"), "UTF-8"),
        (b"\xef\xbb\xbf{}", "character 0"),
        (b"1e999", "too large"),
        (b"[-1.5e999]", "too large"),
        (b"9" * 5_000, "digits"),
        (b"-" + b"9" * 5_000, "digits"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 100_000, "deep"),
        (b"", "character 0"),
        (b"{} {}", "character 3"),
        (b"01", "character 1"),
        (b"'a'", "character 0"),
        (b'"\x00"', "character"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_each_refusal_says_why(body: bytes, words: str) -> None:
    with pytest.raises(NotStrictJson, match=words):
        loads(body)
