"""What `/metrics` shows, and waiting for it to show something."""

import time
from collections.abc import Callable
from typing import TypeVar

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from backend.tests.support.people import NO_TLS

Found = TypeVar("Found")


class Scrape:
    """The metrics of one moment.

    Args:
        text: In Prometheus' text format.
    """

    def __init__(self, text: str) -> None:
        self._samples = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    def total(self, name: str, **labels: str) -> float:
        """The sum of the series with this name and these labels."""
        return sum(
            each.value
            for each in self._samples
            if each.name == name and labels.items() <= each.labels.items()
        )

    def values(self, name: str, label: str) -> set[str]:
        """The values that a label has."""
        return {each.labels[label] for each in self._samples if each.name == name}


def scrape(url: str) -> Scrape:
    """Ask the server at `url`."""
    with httpx2.Client(base_url=url, verify=NO_TLS, trust_env=False, timeout=60) as client:
        answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return Scrape(answer.text)


def soon(find: Callable[[], Found | None]) -> Found:
    """What `find` finds that is not None, nor False, as soon as it does."""
    deadline = time.monotonic() + 60
    while not (found := find()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return found
