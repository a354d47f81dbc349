"""What goes wrong between Duly and PostgreSQL, and what a client is told about it.

SQLSTATE codes: PostgreSQL manual, appendix A.
"""

from backend.core.problems import (
    Conflict,
    DeadlineExceeded,
    InternalError,
    Overloaded,
    Problem,
    Unavailable,
    ValidationFailed,
)


class StatementRefused(Exception):  # noqa: N818 - named for what PostgreSQL did
    """PostgreSQL answered a call with an error; nothing of the call took effect.

    Attributes:
        sqlstate: The five characters that name the error.
    """

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(f"{sqlstate}: {message}")
        self.sqlstate = sqlstate


class WireLost(Exception):  # noqa: N818 - named for what happened
    """The connection broke before the answer came; whether the call took effect is unknown."""


class WireBroken(WireLost):
    """The connection turned out to be broken before the call was sent whole: it had no effect."""


class WireBusy(Exception):  # noqa: N818 - named for what happened
    """Too many calls wait already; this one was not sent."""


class NoWire(Exception):  # noqa: N818 - named for what happened
    """No connection could be made; the call was not sent."""


class IsolationBroken(Exception):  # noqa: N818 - named for what was found
    """Row-level security does not bind the role of requests: nothing may be served."""

    def __init__(self, tables: list[str]) -> None:
        super().__init__(
            f"row-level security is not active for duly_api on {', '.join(tables)}: "
            "run `duly migrate`, and see that duly_api has neither BYPASSRLS nor SUPERUSER"
        )


FAULTS = (StatementRefused, WireLost, WireBusy, NoWire)

# A transaction pooler gave our prepared statements to others or lost them, or a migration
# changed what they return.
LOST_PREPARED_STATEMENTS = frozenset({"26000", "42P05", "0A000"})

# The longest prefix of the SQLSTATE decides.
_PROBLEMS: dict[str, type[Problem]] = {
    "22": ValidationFailed,  # data exception
    "23": ValidationFailed,  # integrity constraint
    "23505": Conflict,  # unique_violation
    "57014": DeadlineExceeded,  # query_canceled: the statement timeout
    "08": Unavailable,  # connection exception
    "25006": Unavailable,  # read_only_sql_transaction: a failover is under way
    "40": Unavailable,  # transaction rollback: serialization, deadlock
    "53": Unavailable,  # insufficient resources: disk full, out of memory, too many connections
    "55P03": Unavailable,  # lock_not_available
    "57": Unavailable,  # operator intervention: shutdown, crash, starting up
    "58": Unavailable,  # system error: input/output
    "XX": Unavailable,  # internal error of the server
    # Prepared statements were lost twice: a pooler is being restarted.
    **dict.fromkeys(LOST_PREPARED_STATEMENTS, Unavailable),
}

# PostgreSQL says that it rolled the call back, and the same call may well succeed elsewhere or
# a moment later.
_WORTH_REPEATING = ("40", "25006", *LOST_PREPARED_STATEMENTS)


def worth_repeating(fault: Exception) -> bool:
    """Whether a refused call, which had no effect, should be sent once more."""
    return isinstance(fault, StatementRefused) and fault.sqlstate.startswith(_WORTH_REPEATING)


def problem(fault: Exception) -> Problem:
    """What the client is told about `fault`: never SQL, a constraint's name or a value."""
    match fault:
        case StatementRefused(sqlstate=sqlstate):
            for length in (5, 3, 2):
                if kind := _PROBLEMS.get(sqlstate[:length]):
                    return kind()
            return InternalError()
        case WireBusy():
            return Overloaded()
        case WireLost() | NoWire():
            return Unavailable()
    raise TypeError(f"not a database fault: {type(fault).__name__}")
