"""What is slow, or fails, for whom, as seen a moment ago."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from backend.database.connection.call import Tag

Key = TypeVar("Key")
Value = TypeVar("Value")

_REMEMBERED: Final = 10_000  # users
# Once is chance: on a busy machine everything takes long now and then. Whatever really is slow
# takes long again at once, in the slow pool at the latest.
_SUSPECTED_FOR: Final = 2.0  # seconds
_SLOW_FOR: Final = 10.0  # however many quick calls lie between
_FAILS_FOR: Final = 10.0
_SHAPES: Final = 3  # slow statements that make everything slow which the same user asks


class Costs:
    """Remembers which statements were slow for which user, and whose failed.

    Args:
        clock: Gives seconds.

    Attributes:
        users: Of whom something is slow, or was; the others need not be asked for.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failing: OrderedDict[str, float] = OrderedDict()  # users, and until when
        self._suspected: OrderedDict[Tag, float] = OrderedDict()  # until when
        self.users: OrderedDict[str, dict[bytes, float]] = OrderedDict()  # and until when

    def note(self, tag: Tag) -> None:
        """This took long just now."""
        now = self._clock()
        user, name = tag
        statements = self.users.get(user, {})
        if self._suspected.get(tag, 0) > now or name in statements:
            if name in statements or len(statements) < _SHAPES:
                statements[name] = now + _SLOW_FOR
            _remember(self.users, user, statements)
        _remember(self._suspected, tag, now + _SUSPECTED_FOR)

    def are_high(self, tag: Tag) -> bool:
        """Whether this took long repeatedly a moment ago, or several others of the same user."""
        statements = self.users.get(tag[0])
        if statements is None:
            return False
        now = self._clock()
        for name in [name for name, until in statements.items() if until <= now]:
            del statements[name]
        if not statements:
            del self.users[tag[0]]
        return tag[1] in statements or len(statements) >= _SHAPES

    def note_failure(self, user: str) -> None:
        """A call of this user failed, and those who shared its transaction with it."""
        _remember(self._failing, user, self._clock() + _FAILS_FOR)

    def fails_often(self, user: str) -> bool:
        """Whether this user's calls should have transactions of their own."""
        return self._failing.get(user, 0) > self._clock() if self._failing else False


def _remember(things: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    things[key] = value
    things.move_to_end(key)
    if len(things) > _REMEMBERED:
        things.popitem(last=False)
