"""JSON as RFC 8259 and RFC 7493 have it, and nothing that Python adds to it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.strict_json import MAX_DEPTH, NotStrictJson, loads

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


def _lists(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def _objects(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize("nested", [_lists, _objects])
def test_nesting_has_a_bound_that_no_interpreter_sets(nested: Callable[[int], bytes]) -> None:
    assert loads(nested(MAX_DEPTH)) == json.loads(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH + 1, 2_000, 30_000):
        with pytest.raises(NotStrictJson, match="deep"):
            loads(nested(depth))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000,
        '"' + "[{" * 1_000,
        '\\"' + "[" * 1_000,
        '\\\\" , [' + "{" * 100,
        "]" * 1_000,
        "ü[" * 1_000,
    ],
)
def test_brackets_in_strings_are_text(text: str) -> None:
    assert loads(json.dumps([text, text]).encode()) == [text, text]
    deep = b"[" * MAX_DEPTH + json.dumps([text, text]).encode() + b"]" * MAX_DEPTH
    with pytest.raises(NotStrictJson, match="deep"):
        loads(deep)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    wide = b"[" + b",".join([b'[{"a":[]}]'] * 1_000) + b"]"
    assert loads(wide) == json.loads(wide)


@given(document=documents, depth=st.integers(0, MAX_DEPTH + 20))
def test_the_bound_is_that_of_the_value(document: Any, depth: int) -> None:
    text = b"[" * depth + json.dumps(document).encode() + b"]" * depth
    if depth + _depth(document) <= MAX_DEPTH:
        assert loads(text) == json.loads(text)
    else:
        with pytest.raises(NotStrictJson, match="deep"):
            loads(text)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


@pytest.mark.parametrize(
    "body",
    [b'"' * 65_536, b'\\"' * 32_768, b"[" * 65_536, b"[]," * 21_845, b'["' + b'\\"' * 32_767],
    ids=lambda value: str(value)[:9],
)
def test_no_text_is_slow_to_refuse(body: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(NotStrictJson):
        loads(b"[" * MAX_DEPTH + b"[]" + body)
    assert time.process_time() - begun < 0.2
