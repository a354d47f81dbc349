"""What libpq 17 and newer can do: `PQsendClosePrepared`, and `PQsendPipelineSync`.

psycopg does not wrap the latter, and its `pipeline_sync` writes to the socket for every call. This
one only queues, so that all calls of one turn of the event loop leave in one write
(docs/performance.md has the figures). PostgreSQL manual, "Pipeline Mode" of libpq.
"""

import ctypes
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import capabilities, pq

CAN_CLOSE_PREPARED = capabilities.has_send_close_prepared()


def _find() -> Callable[[int], int] | None:
    """The function in the very library that psycopg uses; no other may touch its connections."""
    if pq.__impl__ != "binary":
        return None
    import psycopg_binary  # noqa: PLC0415 - there with this implementation only

    folder = Path(psycopg_binary.__file__).parent
    for library in folder.parent.glob("psycopg_binary.libs/libpq*"):
        # PyDLL: the call takes no time that would be worth giving up the interpreter for.
        function = getattr(ctypes.PyDLL(str(library)), "PQsendPipelineSync", None)
        if function is not None:
            function.argtypes = [ctypes.c_void_p]
            return function  # type: ignore[no-any-return]  # ctypes knows no types
    return None


_send_pipeline_sync = _find()


def queue_sync(connection: pq.abc.PGconn) -> None:
    """Queue a sync; `connection.flush()` has to follow.

    Where libpq is too old or not psycopg's own, the sync is sent at once.

    Raises:
        psycopg.OperationalError: when libpq refuses.
    """
    if _send_pipeline_sync is None:
        connection.pipeline_sync()
    elif not _send_pipeline_sync(connection.pgconn_ptr):  # type: ignore[attr-defined]  # all have it
        raise psycopg.OperationalError(connection.get_error_message())
