"""States are looked at again and again, whatever becomes of one look."""

import asyncio

import pytest

from backend.observability import sampling
from backend.observability.sampling import Sampler


def test_a_state_that_could_not_be_written_down_once_is_told_and_comes_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sampling, "_SAMPLE_SECONDS", 0.001)
    outcomes = iter([None, OSError("No space left on device"), None])
    done = asyncio.Event()

    def sample() -> None:
        outcome = next(outcomes, done)
        if isinstance(outcome, OSError):
            raise outcome
        if outcome is done:
            done.set()

    async def story() -> None:
        async with Sampler(sample).kept():
            await asyncio.wait_for(done.wait(), 60)

    asyncio.run(story())
    assert [record.message for record in caplog.records] == ["bug"]
    assert "No space left on device" in caplog.text
