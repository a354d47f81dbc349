"""The TypeScript client in Chromium: what it keeps, for whom, and what it leaves."""

import os
from pathlib import Path

import pytest

from backend.security.signing import Issuer
from backend.tests.e2e.replica import Play, in_chromium
from backend.tests.support.people import ORIGIN

SECONDS = int(os.environ.get("SYNC_BROWSER_SECONDS", "8"))
LIFETIME = 5

pytestmark = pytest.mark.e2e


@in_chromium
def test_what_was_done_offline_in_a_browser_that_was_killed_is_sent_once(
    play: Play, tmp_path: Path
) -> None:
    seen = play("killed", folder=str(tmp_path))
    assert seen["meanwhile"] == ["Buy milk"]
    assert seen["shown"] == seen["rows"] == ["Buy oat milk", "Call Bob", "Pay the rent"]
    assert seen["pending"] == 3
    assert seen["changes"] == 4


@in_chromium
def test_tokens_of_five_seconds_are_renewed_one_at_a_time_and_the_stream_with_them(
    play: Play, issuer: Issuer
) -> None:
    def tokens(subject: str) -> list[str]:
        lives = range(LIFETIME, LIFETIME + SECONDS + 60, LIFETIME)
        return [
            issuer.token(subject, issuer=ORIGIN, audience=ORIGIN, lifetime=each) for each in lives
        ]

    seen = play("fleeting", tokens=tokens, seconds=SECONDS)
    assert seen["isToldToSignIn"] is False
    assert seen["counts"]["most"] == 1
    assert seen["counts"]["asked"] >= 2
    assert seen["streams"] >= 2
    assert seen["unsent"] == 1
    assert seen["stored"] is True


@in_chromium
def test_without_storage_it_works_in_memory_and_says_so(play: Play) -> None:
    seen = play("forbidden")
    assert seen["stored"] == [False, False]
    assert seen["rows"] == ["Buy milk", "Pay the rent"]


@in_chromium
def test_when_storage_is_full_it_goes_on_in_memory_and_says_so(play: Play) -> None:
    seen = play("full")
    assert seen["before"] is True
    assert len(seen["titles"]) > 3
    assert seen["shown"] == seen["rows"] == seen["titles"]


@in_chromium
def test_when_storage_is_taken_away_it_goes_on_in_memory_and_says_so(play: Play) -> None:
    seen = play("cleared")
    assert seen["shown"] == seen["rows"] == ["Afterwards", "Before", "Unsent"]
    assert seen["refused"] == []


@in_chromium
def test_a_database_that_somebody_deletes_ends_nothing(play: Play) -> None:
    seen = play("deleted")
    assert seen["closed"] is False
    assert seen["shown"] == seen["rows"] == ["Afterwards", "Before"]


@in_chromium
def test_signing_out_leaves_nothing_to_whoever_holds_the_database(play: Play) -> None:
    assert play("held")["left"] == [0, 0, 0, 0]


@in_chromium
def test_signing_out_asks_about_what_is_unsent_and_leaves_nothing_in_any_tab(play: Play) -> None:
    seen = play("leaving")
    assert seen["asked"] is True
    assert seen["kept"] == ["Secret", "Unsent secret"]
    assert seen["shown"] == [[], []]
    assert seen["databases"] == seen["still"] == []
    assert seen["late"] is False
    assert seen["bob"] == []
    assert seen["rows"] == ["Secret"]


@in_chromium
def test_one_users_replica_takes_and_gives_nothing_with_the_token_of_another(play: Play) -> None:
    seen = play("strangers")
    assert seen["pending"] == 1
    assert seen["bob"] == []
    assert seen["rows"] == [["Alice's"], []]
    assert seen["alice"] == ["Alice's", "Alice's unsent"]


@in_chromium
def test_without_a_token_what_waits_is_kept_until_somebody_signs_in(play: Play) -> None:
    seen = play("expired")
    assert seen["fresh"] is True  # another token was asked for first
    assert seen["pending"] == 1
    assert seen["requests"] == 0  # nothing is tried meanwhile
    assert seen["signedOut"] is False
    assert seen["rows"] == ["From elsewhere", "Mine"]
