"""An event loop whose clock goes slowly: the other side has more time than in production."""

import asyncio


class PatientLoop(asyncio.SelectorEventLoop):
    """A busy machine does not use up the patience of what runs on it.

    Args:
        patience: How many real seconds one of its seconds has.

    Attributes:
        ahead: Seconds by which tests have put its clock forward.
    """

    def __init__(self, patience: float = 10.0) -> None:
        self.ahead = 0.0
        self._patience = patience
        super().__init__()

    def hurry(self) -> None:
        """Go on as fast as any other clock: what is left to wait for is only in the way."""
        self.ahead, self._patience = self.time() - super().time(), 1.0

    def time(self) -> float:
        return super().time() / self._patience + self.ahead
