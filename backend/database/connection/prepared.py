"""The statements that a connection has prepared: a bounded number, the least recently used go.

PostgreSQL keeps a prepared statement, its text and its plan until it is closed or the connection
ends, so without a bound a connection grows with every new shape of a query.
"""

from collections import OrderedDict


class PreparedStatements:
    """What one connection has prepared, by name.

    Args:
        limit: How many statements may be prepared at once; 0 prepares none.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # Least recently used first; the value is whether PostgreSQL has confirmed it.
        self._confirmed: OrderedDict[bytes, bool] = OrderedDict()

    def use(self, name: bytes) -> bool:
        """Whether the statement is prepared; if so, it becomes the most recently used."""
        if not self._confirmed.get(name):
            return False
        self._confirmed.move_to_end(name)
        return True

    def reserve(self, name: bytes) -> bool:
        """Whether to prepare the statement now; if so, `settle` has to follow.

        A statement whose preparation is under way in another call is not prepared again, nor may
        this call rely on it: that call may fail before it.
        """
        if name in self._confirmed or len(self._confirmed) >= self._limit:
            return False
        self._confirmed[name] = False
        return True

    def settle(self, name: bytes, *, succeeded: bool) -> None:
        """Take note of what became of a preparation; a failed one may be tried again."""
        if succeeded:
            self._confirmed[name] = True
        else:
            self._confirmed.pop(name, None)

    def make_room(self) -> bytes | None:
        """Forget the least recently used statement when the limit is reached.

        Returns:
            Its name, for the caller to close it before it sends anything that may fail;
            None when there is room, or the oldest is not confirmed yet.
        """
        if len(self._confirmed) < self._limit:
            return None
        oldest = next(iter(self._confirmed), None)
        if oldest is None or not self._confirmed[oldest]:
            return None
        del self._confirmed[oldest]
        return oldest
