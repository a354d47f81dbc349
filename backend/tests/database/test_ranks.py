"""Ranks are those of the libraries: what a client makes and what PostgreSQL makes are the same."""

import os
from collections.abc import Callable, Iterator
from random import Random

import psycopg
import pytest
from fractional_indexing import generate_key_between
from psycopg import errors

INSERTS = int(os.environ.get("RANK_INSERTS", "600"))
"""How many for each way to insert; `RANK_INSERTS=5000` takes half a minute."""

Between = Callable[[str | None, str | None], str]


@pytest.fixture(scope="module")
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def between(connection: psycopg.Connection) -> Between:
    def ask(low: str | None, high: str | None) -> str:
        row = connection.execute("select duly.rank_between(%s, %s)", [low, high]).fetchone()
        assert row
        return str(row[0])

    return ask


RANDOM = Random(7)  # noqa: S311 - places, not secrets
# Where the next one goes among so many, and how long a rank may become.
WAYS: dict[str, tuple[Callable[[int], int], int]] = {
    "last": (lambda count: count, 3),
    "first": (lambda _: 0, 3),
    "anywhere": (lambda count: RANDOM.randint(0, count), 10),
    "into the middle": (lambda count: count // 2, INSERTS // 4),
    "before the last": (lambda count: max(0, count - 1), INSERTS // 4),
    "behind the first": (lambda count: min(1, count), INSERTS // 4),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_rank_is_what_the_library_makes(way: str, between: Between) -> None:
    place, longest = WAYS[way]
    ranks: list[str] = []
    for _ in range(INSERTS):
        at = place(len(ranks))
        low = ranks[at - 1] if at else None
        high = ranks[at] if at < len(ranks) else None
        made = between(low, high)
        assert made == generate_key_between(low, high), (low, high)
        assert (low or "") < made
        assert high is None or made < high
        ranks.insert(at, made)
    assert max(map(len, ranks)) <= longest


def test_a_rank_by_the_clock_is_one_of_the_library(
    between: Between, connection: psycopg.Connection
) -> None:
    rows = connection.execute(
        "select duly.rank_at(moment::timestamptz) from unnest(array['2026-01-01',"
        " '2026-01-01 00:00:00.000001', '2026-01-01 00:00:00.000016', '2100-12-31']) as moment"
    ).fetchall()
    ranks = [str(row[0]) for row in rows]
    assert ranks == sorted(ranks)
    for low, high in zip([None, *ranks], [*ranks, None], strict=True):
        made = between(low, high)
        assert made == generate_key_between(low, high)


def test_a_rank_by_the_clock_has_each_microsecond(connection: psycopg.Connection) -> None:
    # From 1970 to 2099.
    moments = [RANDOM.randrange(4_090_000_000_000_000) for _ in range(2_000)]
    moments += [moment + 1 for moment in moments]
    rows = connection.execute(
        "select duly.rank_at(timestamptz 'epoch' + moment * interval '1 microsecond')"
        " from unnest(%s::bigint[]) as moment",
        [moments],
    ).fetchall()
    assert [row[0] for row in rows] == [f"m{moment:013x}" for moment in moments]


@pytest.mark.parametrize(("low", "high"), [("a1", "a1"), ("a2", "a1"), ("a0V", "a0")])
def test_there_is_nothing_between_what_does_not_follow(
    low: str, high: str, between: Between
) -> None:
    with pytest.raises(psycopg.DatabaseError) as refusal:
        between(low, high)
    assert refusal.value.sqlstate == "DU004"


@pytest.mark.parametrize("text", ["", "a", "a-", "ä0", "a" * 201])
def test_what_is_no_rank_is_not_kept(text: str, connection: psycopg.Connection) -> None:
    with pytest.raises(errors.CheckViolation):
        connection.execute("select %s::duly.rank", [text])
