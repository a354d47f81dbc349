"""What can be said against a look into the history, or against an undo."""

from collections.abc import Sequence

from backend.core.problem import Problem


class _InTheWay(Problem):
    """Changes that an undo does not go with.

    Args:
        versions: Which.
    """

    def __init__(self, versions: Sequence[int] = (), detail: str | None = None) -> None:
        super().__init__(detail)
        if versions:
            self.members = {"versions": list(versions)}


class UndoConflict(_InTheWay):
    code = "undo_conflict"
    status = 409
    title = "What was changed has been changed again"
    meaning = (
        "Later changes, which `versions` names, 100 at most, gave the same fields other values; or "
        "what was changed later leaves no room for what was before, as `detail` says. Nothing was "
        "undone."
    )
    remedy = "Undo the later changes first; or send `force`, and their values are lost."


class GoneForGood(_InTheWay):
    code = "gone_for_good"
    status = 409
    title = "Some of it is gone for good"
    meaning = (
        "Something that was changed has been deleted for good since, or by what is to be undone; "
        "`versions` names the deletions, 100 at most. Nothing was undone."
    )
    remedy = "With `force` the rest is undone, if there is any; what is gone cannot come back."


class HistoryGone(Problem):
    code = "history_gone"
    status = 410
    title = "That is not known any more"
    meaning = (
        "What was changed so long ago is not in the history any more: see `HISTORY_DAYS`. Nothing "
        "was done."
    )
    remedy = "Ask for what is newer; `GET /api/history` shows how far back it goes."


class CursorTooOld(Problem):
    code = "cursor_too_old"
    status = 410
    title = "What has changed since then is not known any more"
    meaning = (
        "The history does not go back to this cursor, or the account has begun anew since, or a "
        "backup was restored that is older than it."
    )
    remedy = "Begin again without `since`, and put what comes in the place of what you have."
