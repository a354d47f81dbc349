"""UUIDv7, made and read."""

import time
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from backend.core.ids import new_id, parse_id


def test_a_new_id_is_a_uuid7_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == RFC_4122
    assert before <= made.int >> 80 <= after


@given(moment=st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 - as UTC
def test_ids_sort_by_the_millisecond_in_which_they_were_made(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    with time_machine.travel(moment, tick=False):
        earlier = new_id()
    with time_machine.travel(moment + timedelta(milliseconds=2), tick=False):
        later = new_id()
    assert str(earlier) < str(later)


def test_ids_of_one_millisecond_differ() -> None:
    with time_machine.travel(0, tick=False):
        assert len({new_id() for _ in range(10_000)}) == 10_000


@given(value=st.uuids())
def test_an_id_is_read_in_either_case(value: UUID) -> None:
    assert parse_id(str(value)) == parse_id(str(value).upper()) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}"),
        *("urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a805"),
        *("01890a5d-ac96-774b-bcce-b302099a8057\n", " 01890a5d-ac96-774b-bcce-b302099a8057"),
        *("01890a5d-ac96-774b-bcce-b302099a805\u0667", "01890a5d_ac96_774b_bcce_b302099a8057"),
        *("01890a5d-ac96-774b-bcce-b302099a805g", "01890a5da-c96-774b-bcce-b302099a8057"),
    ],
    ids=ascii,
)
def test_nothing_else_is_an_id(text: str) -> None:
    assert parse_id(text) is None


@given(text=st.text(st.characters(exclude_categories=())))
def test_reading_never_fails(text: str) -> None:
    parsed = parse_id(text)
    assert parsed is None or str(parsed) == text.lower()
