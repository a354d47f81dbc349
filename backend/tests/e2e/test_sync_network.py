"""The TypeScript client in Chromium: networks that hang, cut, and say odd things."""

import pytest

from backend.tests.e2e.replica import HEARTBEAT, Play, in_chromium

pytestmark = pytest.mark.e2e


@in_chromium
def test_changes_from_elsewhere_come_while_an_own_write_hangs(play: Play) -> None:
    seen = play("hanging")
    assert seen["pending"] == 1
    assert seen["shown"] == seen["rows"] == ["Five", "Four", "Mine", "Six", "Three", "Two"]
    # The best of six, since others on a busy machine may take the processor for half a second.
    assert min(seen["milliseconds"]) < 500


@in_chromium
def test_an_answer_that_was_overtaken_brings_nothing_back(play: Play) -> None:
    seen = play("overtaken")
    assert seen["pending"] == 1
    assert seen["shown"] == seen["after"] == ["Mine"]


@in_chromium
def test_who_was_away_too_long_begins_again_and_loses_nothing_of_their_own(play: Play) -> None:
    seen = play("forgotten")
    assert seen["shown"] == seen["rows"] == seen["after"] == ["Kept", "Mine", "New"]


@in_chromium
@pytest.mark.parametrize("status", [400, 413])
def test_what_somebody_before_duly_refuses_without_a_problem_holds_nothing_up(
    play: Play, status: int
) -> None:
    seen = play("gateway", status=status)
    assert seen["refused"] == [[status, "Suspiciou"]]
    assert str(status) in seen["titles"][0]
    assert seen["rows"] == ["After", "Before"]


@in_chromium
def test_without_events_it_asks_now_and_then(play: Play) -> None:
    seen = play("deaf")
    assert seen["online"] is True
    assert seen["tries"] < 8


@in_chromium
def test_a_date_in_retry_after_or_nonsense_makes_nobody_ask_all_the_time(play: Play) -> None:
    seen = play("impatient")
    assert max(seen["tries"]) < 8
    assert seen["rows"] == ["Mine", "Mine"]


@in_chromium
def test_whoever_is_told_to_wait_for_a_day_asks_in_minutes(play: Play) -> None:
    assert play("patient")["rows"] == ["Mine"]


@in_chromium
def test_a_stream_that_is_silent_for_too_long_is_opened_anew(play: Play) -> None:
    seen = play("silent", patience=(2 * HEARTBEAT + 10) * 1000)
    assert seen["before"] == 1  # two heartbeats, as Duly says them, are not long over yet
    assert seen["pulls"] > 1


@in_chromium
def test_a_stream_that_is_cut_goes_on_where_it_was(play: Play) -> None:
    assert play("cut")["shown"] == ["One", "Three", "Two"]
