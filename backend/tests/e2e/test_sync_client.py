"""The TypeScript client in Chromium: what it sends and shows, in all tabs."""

import gzip
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.tests.docs.markdown import blocks
from backend.tests.e2e import node
from backend.tests.e2e.replica import CLIENT, SYNC, Play, in_chromium

RUNS = int(os.environ.get("SYNC_BROWSER_RUNS", "2"))
STEPS = int(os.environ.get("SYNC_BROWSER_STEPS", "60"))
TASKS = 10_000

pytestmark = pytest.mark.e2e


def guide() -> str:
    """The code of the client's page, in its order: one program."""
    return "\n".join(blocks((CLIENT / "README.md").read_text("utf-8"), "ts"))


@in_chromium
def test_its_page_shows_a_program_that_works(play: Play) -> None:
    seen = play("guide", guide=guide())
    assert seen["asked"] == "Discard what is not sent yet?"
    assert seen["shown"] == ""
    assert seen["databases"] == []
    assert seen["rows"] == ["Buy milk", "From elsewhere", "Pay the rent"]


@in_chromium
def test_what_is_done_offline_is_shown_at_once_survives_a_reload_and_is_sent(play: Play) -> None:
    seen = play("offline")
    assert seen["shown"] == seen["after"] == seen["sent"] == ["Buy oat milk", "Call Bob"]
    assert seen["rows"] == ["Buy milk", "Pay the rent"]  # nothing had got through
    assert seen["pending"] == 3
    assert seen["online"] is True
    assert seen["stored"] == [["Buy oat milk", False], ["Call Bob", False], ["Pay the rent", True]]


@in_chromium
def test_what_was_done_although_the_answer_got_lost_is_done_once(play: Play) -> None:
    seen = play("lost")
    assert seen["lost"] == 0
    assert seen["requests"] == 5  # two commands, three answers lost
    assert seen["rows"] == seen["shown"] == ["Buy oat milk"]
    assert seen["changes"] == 2


@in_chromium
def test_all_requests_go_through_the_one_place_that_an_app_names(play: Play) -> None:
    seen = play("carried")
    assert seen["rows"] == ["Mine"]
    assert len(seen["requests"]) >= 3  # of changes, events and commands
    assert seen["carried"] == seen["requests"]


@in_chromium
def test_edits_of_one_thing_that_wait_are_sent_as_one(play: Play) -> None:
    seen = play("folded")
    assert seen["pending"] == 11
    assert seen["shown"] == ["Buy soy milk", "Call Bob"]
    said = {"type": "task.update", "base_version": seen["version"]}
    assert seen["commands"][0] == [{**said, "title": "Buy more milk"}]
    assert seen["commands"][1][:3] == [
        {**said, "title": "Buy soy milk", "description": "Two of them", "priority": "high"},
        {**said, "type": "task.complete", "completed": True},
        {"type": "task.create", "title": "Call Bob", "description": None, "base_version": None},
    ]
    assert [each["name"] for each in seen["commands"][1][3:]] == ["Groceries"]
    assert len(seen["commands"]) == 2
    assert seen["names"] == 5
    assert seen["outcomes"] == [None] * 11
    assert seen["rows"] == [["Buy soy milk", "Two of them", True], ["Call Bob", None, False]]
    assert seen["lists"] == [["Groceries"]]


@in_chromium
def test_what_depends_on_something_between_stays_by_itself(play: Play) -> None:
    seen = play("between")
    done = [*["task.complete"] * 4, "task.create", "task.complete"]
    edits = ["task.update", "task.delete", "task.restore", "task.update"]
    assert seen["commands"] == ["task.create", *done, *edits]
    assert ["After", "2026-03-02", False] in seen["rows"]
    assert ["Other", None, True] in seen["rows"]
    assert ["Part", None, True] in seen["rows"]


@in_chromium
def test_of_edits_that_were_sent_as_one_only_the_bad_one_is_refused(play: Play) -> None:
    seen = play("apart")
    # The one for three is refused; then the three of them, in halves until the bad one is found.
    assert seen["sizes"] == [1, 1, 3, 2, 1, 2, 1, 1]
    assert seen["outcomes"] == [None, 422, None]
    assert seen["shown"] == ["Good", "On its way"]
    assert seen["rows"] == [["Good", 3], ["On its way", 0]]


@in_chromium
def test_what_is_below_a_task_or_in_a_list_goes_along_at_once(play: Play) -> None:
    seen = play("tree")
    assert seen["completed"] == ["Bake", "Mix"]
    assert seen["opened"] == []
    assert seen["trashed"] == ["Bake", "Cake", "Mix"]
    assert seen["restored"] == ["Mix"]  # which had been in the trash before
    assert seen["moved"] == ["Bake", "Cake", "Mix"]
    assert seen["unsent"] == ["Bake", "Cake", "Errands", "Mix", "Other"]
    assert seen["list"] == ["Bake", "Cake", "Mix", "Other"]
    assert seen["back"] == ["Mix"]
    assert seen["refused"] == 11
    assert seen["after"] == seen["before"]


@in_chromium
@pytest.mark.parametrize("seed", range(RUNS))
def test_what_is_shown_offline_is_what_becomes_of_it(play: Play, seed: int) -> None:
    seen = play("foretold", seed=seed, steps=STEPS)
    assert seen["refused"] == []
    assert seen["before"] == seen["after"]
    assert len(seen["after"][0]) > STEPS // 8


@in_chromium
def test_of_several_tabs_one_speaks_and_another_one_goes_on_when_it_is_closed(play: Play) -> None:
    seen = play("tabs")
    assert seen["leaders"] == [True, False, False]
    assert seen["streams"] == 1
    written = ["From the second", "Of the first", "Of the second", "Of the third"]
    assert seen["rows"] == written
    assert seen["shown"] == [written, written]


@in_chromium
def test_a_command_is_sent_although_its_tab_died_before_it_could_tell(play: Play) -> None:
    seen = play("unheard")
    assert seen["third"] == ["Unheard"]
    assert seen["rows"] == ["Heard", "Unheard"]


@in_chromium
def test_what_a_tab_tells_late_brings_no_command_back(play: Play) -> None:
    seen = play("late")
    assert seen["held"] == 2
    assert seen["shown"] == [["Afterwards", "Pay the rent"]] * 3
    assert seen["commands"] == 3
    assert seen["rows"] == ["Afterwards", "Buy milk", "Pay the rent"]


@in_chromium
def test_what_duly_refuses_is_taken_back_said_in_all_tabs_and_not_sent_again(play: Play) -> None:
    seen = play("refused")
    assert seen["first"] == ["After", "Before", "Too late", "xxxxxxxxx"]
    assert seen["outcome"] == [422, 404]
    assert seen["refused"] == [[404, "Too late"], [422, "xxxxxxxxx"]]
    assert seen["shown"] == seen["rows"] == ["After", "Before", "Short"]
    assert seen["requests"] == 1
    assert seen["after"] == []


@in_chromium
def test_ten_thousand_tasks_are_there_from_disk(
    play: Play, record_property: Callable[[str, object], None]
) -> None:
    seen = play("many", tasks=TASKS)
    assert seen["shown"] == TASKS
    for figure in ("first", "again", "edit"):
        record_property(figure, seen[figure])


@in_chromium
def test_a_tick_takes_less_than_a_frame_among_fifty_thousand_tasks(
    play: Play, record_property: Callable[[str, object], None]
) -> None:
    ticks = play("large", tasks=50_000, waiting=1_000)["ticks"]
    record_property("ticks", ticks)
    # The best of nine: the others also tell what else the machine did.
    assert min(ticks) < 16


@in_chromium
@pytest.mark.parametrize("seed", range(RUNS))
def test_three_clients_become_what_the_tables_are(play: Play, seed: int) -> None:
    seen = play("convergence", seed=seed, steps=STEPS)
    created, distinct = seen["created"]
    assert created == distinct == seen["rows"] > 0
    assert set(seen["refused"]) <= {404, 409}


@pytest.fixture(scope="module")
def programs_of_node() -> Path:
    node.install(SYNC)
    return SYNC / "node_modules" / ".bin"


def test_its_types_are_those_of_the_document(programs_of_node: Path, tmp_path: Path) -> None:
    """Every line of code of its page is compiled too."""
    document = node.HERE.parents[2] / "specs" / "001-backend-api-integration" / "contracts"
    (tmp_path / "node_modules").symlink_to(SYNC / "node_modules")
    shutil.copytree(CLIENT / "src", tmp_path / "src")
    shutil.copy(SYNC / "document.ts", tmp_path / "src")
    code = f"{guide()}\nexport {{ problem, signOut }}"
    (tmp_path / "src" / "page.ts").write_text(code.replace("'duly-client'", "'./index'"))
    options = (CLIENT / "tsconfig.json").read_text("utf-8")
    (tmp_path / "tsconfig.json").write_text(options)
    made = ["-o", "src/duly.d.ts", "--default-non-nullable=false"]
    generate = programs_of_node / "openapi-typescript"
    node.run(generate, document / "openapi.json", *made, directory=tmp_path)
    node.run(programs_of_node / "tsc", "-p", ".", directory=tmp_path)


def test_it_is_as_small_as_its_page_says(programs_of_node: Path, tmp_path: Path) -> None:
    made = tmp_path / "client.js"
    options = ["--bundle", "--minify", "--format=esm", "--target=es2022", f"--outfile={made}"]
    node.run(programs_of_node / "esbuild", CLIENT / "src" / "index.ts", *options, directory=SYNC)
    size = len(gzip.compress(made.read_bytes(), 9))
    said = re.search(r"([0-9.]+) kB", (CLIENT / "README.md").read_text("utf-8"))
    assert said
    assert round(size / 1000, 1) == float(said[1])
