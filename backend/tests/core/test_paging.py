"""Cursors: what goes in comes out, and nothing else is a cursor."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.paging import Cursor

# PostgreSQL keeps no NUL, so no row has one for a cursor to name.
storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(sort=storable, value=storable, last=st.uuids())
def test_a_cursor_survives_the_round_trip(sort: str, value: str, last: UUID) -> None:
    cursor = Cursor(sort, value, str(last))
    assert Cursor.decode(cursor.encode()) == cursor


@given(value=storable, last=st.uuids())
def test_a_cursor_needs_no_escaping_in_a_url(value: str, last: UUID) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", Cursor("-created", value, str(last)).encode())


@given(text=st.text(st.characters(exclude_categories=())) | st.text("AWy1bIiwi0_-=", max_size=80))
def test_anything_else_is_a_value_error(text: str) -> None:
    try:
        cursor = Cursor.decode(text)
    except ValueError:
        return
    assert Cursor.decode(cursor.encode()) == cursor
    assert str(UUID(cursor.id)) == cursor.id.lower()


@pytest.mark.parametrize(
    "text", ["", "A", "bnVsbA", "W10", "W1tbW1tbW1tb", "e30", "Ww" * 3_000, "MQ", "IiI", "\udcff"]
)
def test_these_are_no_cursors(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Cursor.decode(text)
