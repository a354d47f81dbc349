"""What goes wrong between Duly and PostgreSQL, and what a client is told about it.

SQLSTATE codes: PostgreSQL manual, appendix A.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from backend.core.problems import (
    BeingErased,
    Conflict,
    DeadlineExceeded,
    FieldError,
    InternalError,
    Misplaced,
    NotFound,
    Problem,
    ReadOnly,
    TooManyTasks,
    Unavailable,
    ValidationFailed,
)


class StatementRefused(Exception):  # noqa: N818 - named for what PostgreSQL did
    """PostgreSQL answered a call with an error; nothing of the call took effect.

    Attributes:
        sqlstate: The five characters that name the error.
        from_end: The place of the refused statement in its call, counted from the end, which is 1;
            0 when the call was refused at its end.
    """

    def __init__(self, sqlstate: str, message: str, from_end: int = 0) -> None:
        super().__init__(f"{sqlstate}: {message}")
        self.sqlstate = sqlstate
        self.from_end = from_end


class Preempted(StatementRefused):
    """Duly itself cancelled the call, or the one before it on the same wire."""


class TakenBack(Exception):  # noqa: N818 - named for what happened
    """Another call of the same transaction failed, so this one had no effect either."""


class UnknownSpace(Unavailable):
    """A write for a space that does not exist, or no longer. It had no effect."""


class DemandUnmet(NotFound):
    """An operation of several that shall all succeed gave no row; all were taken back."""


class DoneBefore(Unavailable):
    """Something has been done under the key of this call already, so that it had no effect."""


class WireLost(Exception):  # noqa: N818 - named for what happened
    """The connection broke before the answer came; whether the call took effect is unknown."""


class WireBroken(WireLost):
    """The connection turned out to be broken before the call was sent whole: it had no effect."""


class NoWire(Exception):  # noqa: N818 - named for what happened
    """No connection could be made; the call was not sent."""


class Complaint(NamedTuple):
    """One thing in the database that is not as it must be.

    Attributes:
        what: In a few words.
        remedy: What the owner of the tables is to do about it.
        is_sql: Whether the remedy is SQL, which `duly migrate` runs by itself.
    """

    what: str
    remedy: str
    is_sql: bool = True


class IsolationBroken(Exception):  # noqa: N818 - named for what was found
    """The database would not keep users apart: nothing may be served.

    Attributes:
        complaints: Everything that is not as it must be.
    """

    def __init__(self, complaints: list[Complaint]) -> None:
        said = "; ".join(f"{what} (mend it: {remedy})" for what, remedy, _ in complaints)
        super().__init__(f"the database would not keep users apart: {said}")
        self.complaints = complaints


FAULTS = (StatementRefused, TakenBack, WireLost, NoWire)

# A transaction pooler gave our prepared statements to others or lost them, or a migration
# changed what they return.
LOST_PREPARED_STATEMENTS = frozenset({"26000", "42P05", "0A000"})

QUERY_CANCELED = "57014"


def _refused(member: str, code: str, detail: str) -> Callable[[], Problem]:
    """Makes the problem of a member of the body that does not go with what is there."""
    error: FieldError = {"pointer": f"/body/{member}", "code": code, "detail": detail}
    return partial(ValidationFailed, errors=[error])


# The longest prefix of the SQLSTATE decides.
_PROBLEMS: dict[str, Callable[[], Problem]] = {
    "22": ValidationFailed,  # data exception
    # Only for a time zone: see the domain `duly.time_zone`.
    "22023": partial(ValidationFailed, "The database does not know this time zone."),
    "23": ValidationFailed,  # integrity constraint
    "23505": Conflict,  # unique_violation
    QUERY_CANCELED: DeadlineExceeded,  # the statement timeout
    "08": Unavailable,  # connection exception
    "25006": ReadOnly,  # read_only_sql_transaction: a standby, or set so
    "53100": ReadOnly,  # disk_full; also Neon's limit of storage
    "40": Unavailable,  # transaction rollback: serialization, deadlock
    "53": Unavailable,  # insufficient resources: out of memory, too many connections
    "55P03": DeadlineExceeded,  # lock_not_available: writes of the same space took too long
    "57": Unavailable,  # operator intervention: shutdown, crash, starting up
    "58": Unavailable,  # system error: input/output
    "XX": Unavailable,  # internal error of the server
    # Raised by `duly.settle_task`, `duly.check_parent` and `duly.check_list`.
    "DU002": partial(Misplaced, "A task cannot be a part of itself."),
    "DU003": partial(Misplaced, "Tasks can stand five levels deep."),
    "DU005": _refused("parent_id", "no_such_task", "There is no such task."),
    "DU006": partial(Misplaced, "The parent is in the trash."),
    "DU007": _refused("due_time", "needs_date", "A time needs a date, and a time zone a time."),
    "DU008": _refused(
        "recurrence", "needs_date", "What recurs needs a date, and by the hour a time."
    ),
    "DU017": _refused("due_time", "needed", "What recurs by hours or minutes needs a time."),
    "DU009": _refused("list_id", "not_of_parent", "A task is in the list of its parent."),
    "DU014": _refused("list_id", "no_such_list", "There is no such list."),
    "DU016": _refused("add_tags", "too_many", "A task has 20 tags at most."),  # `duly.retag`
    # Raised by `duly.place`.
    "DU020": _refused("before", "no_such_task", "There is no such task to stand before."),
    "DU021": _refused("after", "no_such_task", "There is no such task to stand behind."),
    "DU022": partial(Misplaced, "The neighbour is in another list, or below another task."),
    "DU010": UnknownSpace,  # raised by `duly.number_write`
    "DU012": TooManyTasks,  # raised by `duly.number_write`
    "DU013": BeingErased,  # raised by `duly.number_write`, as `DU010` is
    "DU011": DemandUnmet,  # raised by `duly.demand`
    "DU019": DoneBefore,  # raised by `duly.replay`
    # Prepared statements were lost twice: a pooler is being restarted.
    **dict.fromkeys(LOST_PREPARED_STATEMENTS, Unavailable),
}

# PostgreSQL says that it rolled the call back, and the same call may well succeed elsewhere or
# a moment later.
_WORTH_REPEATING = ("40", "25006", *LOST_PREPARED_STATEMENTS)


def worth_repeating(fault: Exception) -> bool:
    """Whether a refused call, which had no effect, should be sent once more."""
    if isinstance(fault, Preempted):
        return True
    return isinstance(fault, StatementRefused) and fault.sqlstate.startswith(_WORTH_REPEATING)


def problem(fault: Exception) -> Problem:
    """What the client is told about `fault`: never SQL, a constraint's name or a value."""
    match fault:
        case StatementRefused(sqlstate=sqlstate):
            for length in (5, 3, 2):
                if kind := _PROBLEMS.get(sqlstate[:length]):
                    return kind()
            return InternalError()
        case WireLost() | NoWire():
            return Unavailable()
    raise TypeError(f"not a database fault: {type(fault).__name__}")
