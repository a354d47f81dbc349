"""Writes all that a user has as JSON lines, as it was at one moment, in bounded memory."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from backend.config import Settings
from backend.database import snapshot
from backend.database.snapshot import Snapshot
from backend.jobs.failures import JobFailed, check_user, explained
from backend.jobs.lines import End, Head
from backend.jobs.progress import Progress
from backend.services.transfers import (
    export_inbox,
    export_lists,
    export_settings,
    export_tasks,
    has_account,
)

_PAGE: Final = 1_000  # rows in memory


def export_account(
    settings: Settings, user: str, output: BinaryIO, progress: Callable[[], Progress]
) -> int:
    """Write an account to `output`, and say how many lines it has.

    Raises:
        JobFailed: when there is none, or the database refuses; what was written has no last line.
    """
    check_user(user)
    assert settings.migration_url is not None  # noqa: S101 - `serving.run.ready` has set it
    url = settings.migration_url.get_secret_value()
    with explained(), snapshot.opened(url, user) as seen:
        _check_account(seen, user)
        output.write(Head().model_dump_json().encode() + b"\n")
        written = 0
        with progress() as told:
            for lines in _pages(seen):
                output.write(b"\n".join([*lines, b""]))
                written += len(lines)
                told.add(len(lines))
        output.write(End(lines=written).model_dump_json().encode() + b"\n")
        output.flush()
    return written


def _pages(seen: Snapshot) -> Iterator[list[bytes]]:
    for export in (export_settings, export_inbox, export_lists, export_tasks):
        for page in seen.pages(export(), _PAGE):
            yield page.lines


def _check_account(seen: Snapshot, user: str) -> None:
    standing = seen.run(has_account())
    if standing is None:
        raise JobFailed(f"The account {user} is being erased.")
    if not standing:
        raise JobFailed(f"There is no account {user}: nobody has written anything by that user id.")
