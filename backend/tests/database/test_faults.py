"""What PostgreSQL refuses becomes an answer that a client can act on."""

import psycopg.errors
import pytest

from backend.core.problems import (
    Conflict,
    DeadlineExceeded,
    InternalError,
    Problem,
    ReadOnly,
    Unavailable,
    ValidationFailed,
)
from backend.database import faults
from backend.database.faults import NoWire, StatementRefused, WireLost

CODES = sorted(
    {
        code
        for name in dir(psycopg.errors)
        if isinstance(code := getattr(getattr(psycopg.errors, name), "sqlstate", None), str)
    }
)
TABLE: dict[str, type[Problem]] = {
    "22001": ValidationFailed,  # string_data_right_truncation
    "22003": ValidationFailed,  # numeric_value_out_of_range
    "22007": ValidationFailed,  # invalid_datetime_format
    "22021": ValidationFailed,  # character_not_in_repertoire
    "22P02": ValidationFailed,  # invalid_text_representation
    "22P05": ValidationFailed,  # untranslatable_character
    "23502": ValidationFailed,  # not_null_violation
    "23503": ValidationFailed,  # foreign_key_violation
    "23505": Conflict,  # unique_violation
    "23514": ValidationFailed,  # check_violation
    "57014": DeadlineExceeded,  # query_canceled
    "25006": ReadOnly,  # read_only_sql_transaction
    "40001": Unavailable,  # serialization_failure
    "40P01": Unavailable,  # deadlock_detected
    "53100": ReadOnly,  # disk_full
    "53200": Unavailable,  # out_of_memory
    "53300": Unavailable,  # too_many_connections
    "55P03": DeadlineExceeded,  # lock_not_available
    "57P01": Unavailable,  # admin_shutdown
    "57P02": Unavailable,  # crash_shutdown
    "57P03": Unavailable,  # cannot_connect_now
    "58030": Unavailable,  # io_error
    "08006": Unavailable,  # connection_failure
    "08P01": Unavailable,  # protocol_violation: what PgBouncer calls everything
    "XX000": Unavailable,  # internal_error
    "26000": Unavailable,  # invalid_sql_statement_name, for the second time
    "42P05": Unavailable,  # duplicate_prepared_statement, for the second time
    "42601": InternalError,  # syntax_error: ours
    "42501": InternalError,  # insufficient_privilege: ours
    "42P01": InternalError,  # undefined_table: ours
}


def refused(sqlstate: str) -> StatementRefused:
    return StatementRefused(sqlstate, "the offending value, a constraint's name and SQL")


@pytest.mark.parametrize("sqlstate", TABLE)
def test_a_refusal_has_the_problem_of_the_table(sqlstate: str) -> None:
    problem = faults.problem(refused(sqlstate))
    assert type(problem) is TABLE[sqlstate]
    assert "offending" not in str(problem.document("id"))


def test_psycopg_knows_the_codes_of_these_classes() -> None:
    assert len([code for code in CODES if code.startswith("22")]) > 50
    assert len([code for code in CODES if code.startswith("23")]) > 5


@pytest.mark.parametrize("sqlstate", [code for code in CODES if code.startswith(("22", "23"))])
def test_data_that_postgresql_refuses_is_the_clients_mistake(sqlstate: str) -> None:
    assert 400 <= faults.problem(refused(sqlstate)).status < 500


@pytest.mark.parametrize(
    "sqlstate", [code for code in CODES if code.startswith(("08", "40", "53", "57", "58"))]
)
def test_an_outage_is_a_503(sqlstate: str) -> None:
    assert faults.problem(refused(sqlstate)).status == 503


@pytest.mark.parametrize(
    ("fault", "problem"),
    [(WireLost("cut"), Unavailable), (NoWire(), Unavailable)],
)
def test_a_broken_or_missing_connection_is_a_503(fault: Exception, problem: type[Problem]) -> None:
    assert type(faults.problem(fault)) is problem


def test_other_exceptions_are_not_explained_away() -> None:
    with pytest.raises(TypeError):
        faults.problem(ValueError("a bug"))


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "25006", "26000", "42P05", "0A000"])
def test_what_was_rolled_back_for_a_passing_reason_is_worth_repeating(sqlstate: str) -> None:
    assert faults.worth_repeating(refused(sqlstate))


@pytest.mark.parametrize(
    "sqlstate", ["23505", "22001", "57014", "42601", "53100", "08P01", "08006"]
)
def test_nothing_else_is_repeated(sqlstate: str) -> None:
    # 08P01 above all: a pooler says it also of a write that has been committed.
    assert not faults.worth_repeating(refused(sqlstate))
