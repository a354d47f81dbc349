"""When something is due, as frontends send it."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.dates import Due, read_due

DAY = date(2026, 3, 1)

READ: dict[str, Due] = {
    "2026-03-01": Due(DAY),
    "2026-03-01T09:30:00.000Z": Due(DAY, time(9, 30), "UTC"),
    "2026-03-01T09:30:00Z": Due(DAY, time(9, 30), "UTC"),
    "2026-03-01t09:30:00z": Due(DAY, time(9, 30), "UTC"),
    "2026-03-01T09:30Z": Due(DAY, time(9, 30), "UTC"),
    "2026-03-01T09:30:15.999999999Z": Due(DAY, time(9, 30, 15), "UTC"),
    "2026-03-01T09:30:00+00:00": Due(DAY, time(9, 30), "UTC"),
    "2026-03-01T09:30:00-00:00": Due(DAY, time(9, 30), "UTC"),
    "2026-03-01T09:30:00+02:00": Due(DAY, time(7, 30), "UTC"),
    "2026-03-01T00:30:00+0530": Due(date(2026, 2, 28), time(19), "UTC"),
    "2026-03-01T23:30-08": Due(date(2026, 3, 2), time(7, 30), "UTC"),
    "2026-03-01T09:30": Due(DAY, time(9, 30)),
    "2026-03-01T09:30:15": Due(DAY, time(9, 30, 15)),
    "2026-03-01T09:30:15.5": Due(DAY, time(9, 30, 15)),
    "0001-01-01T00:00:00-01:00": Due(date.min, time(1), "UTC"),
    "2024-02-29": Due(date(2024, 2, 29)),
}


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_what_is_unambiguous_is_read(text: str, expected: Due) -> None:
    assert read_due(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "tomorrow", "2026-3-1", "20260301", "2026-03-01 ", " 2026-03-01", "2026-03", "2026"),
        *("2026-W09-7", "2026-060", "01.03.2026", "03/01/2026", "1772357400", "+002026-03-01"),
        *("2026-03-01T", "2026-03-01T09", "2026-03-01 09:30", "2026-03-01T0930", "T09:30"),
        *(
            "2026-03-01T09:30:00.Z",
            "2026-03-01T09:30:00 Z",
            "2026-03-01T09:30:00Z\n",
            "-2026-03-01",
        ),
        *("2026-03-01T09:30:00[Europe/Berlin]", "2026-03-01T09:30:00Z[UTC]", "2026-03-01Z"),
        *("2026-03-01T24:00", "2026-03-01T24:00Z", "2026-03-01T25:00", "2026-03-01T09:30+02:60"),
        *("\u0662026-03-01", "2026-03-01T09:30:00\u221202:00", "Sun Mar 01 2026 09:30:00 GMT"),
    ],
    ids=ascii,
)
def test_anything_else_is_refused_with_what_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="It is a date such as 2026-03-01"):
        read_due(text)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "0000-01-01", "2026-04-31"),
        *("2026-03-01T09:60", "2026-03-01T09:30:60Z", "2026-03-01T09:30+24:00"),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
    ],
)
def test_days_and_times_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no such day or time"):
        read_due(text)


@given(moment=st.datetimes())
def test_what_python_and_javascript_write_is_read(moment: datetime) -> None:
    at = moment.time().replace(microsecond=0)
    assert read_due(moment.isoformat()) == Due(moment.date(), at)
    assert read_due(moment.isoformat(timespec="milliseconds") + "Z") == Due(
        moment.date(), at, "UTC"
    )


@given(text=st.text() | st.text("0123456789-+:.TZ", max_size=32))
def test_reading_ends_with_a_due_or_a_reason(text: str) -> None:
    try:
        due = read_due(text)
    except ValueError as reason:
        assert str(reason).endswith(".")  # noqa: PT017 - nothing else ends it
    else:
        assert text.startswith(due.day.isoformat()[:2]) or due.zone
