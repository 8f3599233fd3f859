"""The page in a real browser: it opens, filters, shows what the JSON says, and can be used by keys alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selftaught.benchmarks.browser import Tab
from selftaught.benchmarks.report.content import Limits, gather
from selftaught.store import shard_path, write_shard
from tests.integration.report_browser import WIDE, choose, found, of_run, plain, texts, written
from tests.integration.report_runs import HOSTILE, SEEDS, episode
from tests.integration.test_report_html import following


def test_it_opens_with_a_section_for_all_there_is(opened: Tab, content: dict[str, Any]) -> None:
    assert texts(opened, "h1") == [content["title"]]
    assert texts(opened, "main h2") == [
        "Scores",
        "Runs",
        "Learning",
        "Shortcuts",
        "Judges",
        "Tables",
        "Cost",
        "Transcripts",
    ]
    assert texts(opened, "#sections a") == texts(opened, "main h2")
    assert f"{len(content['runs'])} runs" in opened.run("document.getElementById('facts').textContent")


def test_tables_say_what_the_json_says(opened: Tab, content: dict[str, Any]) -> None:
    cells = "[...row.cells].map((cell) => cell.textContent)"
    scores = opened.run(f"[...document.querySelectorAll('#scores tbody tr')].map((row) => {cells})")
    assert len(scores) == len(content["scores"]) == 4
    for row, one in zip(scores, content["scores"], strict=True):
        score = one["score"]
        assert row[:2] == [one["item"], one["policy"]]
        assert row[3] == f"{score['mean']:.2f} [{score['low']:.2f}, {score['high']:.2f}]"
        assert row[4:] == [f"{one['references'][name]['mean']:.2f}" for name in ("random", "scripted", "oracle")]
    assert len(texts(opened, "#runs tbody tr")) == 12
    opened.run("document.querySelector('#runs details').open = true")
    opened.wait("document.querySelectorAll('#runs tbody tr').length > 12")
    names = texts(opened, "#runs tbody th")
    assert names == [plain(run["name"]) for run in content["runs"]]
    assert {"run", "trained tokens", "cells of training"} <= set(texts(opened, "#cost thead th"))
    assert "do not add them up" in opened.run("document.querySelector('#cost .note').textContent")
    alarms = texts(opened, "#judges .alarm")
    rings = [name for one in content["rounds"] for row in one["rows"] for name in ("pleased", "blind") if row[name]]
    assert alarms == rings and "pleased" in rings


def test_curves_are_drawn_for_every_arm_and_their_numbers_are_the_data(opened: Tab, content: dict[str, Any]) -> None:
    assert opened.run("document.querySelectorAll('#curves .panel svg').length") > 3
    panels = "[...document.querySelectorAll('#curves .panel')].find((one) => one.textContent.startsWith('{}'))"
    panel, right = panels.format("reward of planner"), panels.format("answer right")
    assert opened.run(f"{panel}.querySelectorAll('.series').length") == 2
    assert opened.run(f"{panel}.querySelectorAll('.thin').length") == 2 * len(SEEDS)
    assert opened.run(f"{panel}.querySelectorAll('.band').length") == 2
    opened.run(f"{panel}.querySelector('details').open = true")
    opened.wait(f"{panel}.querySelector('tbody')")
    said = opened.run(f"[...{panel}.querySelectorAll('tbody tr')].map((row) => row.cells[1].textContent.split(' ')[0])")
    (grpo,) = [one for one in content["curves"] if one["arm"] == "study/grpo"]
    assert [float(text) for text in said] == grpo["metrics"]["reward/planner"]["mean"]
    assert "greedy" in opened.run(f"{right}.querySelector('svg').textContent")
    opened.run("document.querySelector('#curves input').click()")
    assert opened.run(f"{panel}.querySelectorAll('.series').length") == 1


Passes = Callable[[dict[str, Any], dict[str, Any]], bool]
FILTERS: list[tuple[str, str, Passes]] = [
    ("game", "graph_plan", lambda one, content: one["game"] == "graph_plan"),
    ("run", "leaker", lambda one, content: content["runs"][one["run"]]["name"] == "leaker"),
    ("seat", "judge", lambda one, content: "judge" in one["rewards"]),
    ("agent", "bayes", lambda one, content: any(turn["agent"] == "bayes" for turn in one["turns"])),
    ("end", "tie", lambda one, content: one["end"] == "tie"),
    ("low", "0.5", lambda one, content: next(iter(one["rewards"].values())) >= 0.5),
    ("high", "0.5", lambda one, content: next(iter(one["rewards"].values())) <= 0.5),
    ("text", "A PANDA?", lambda one, content: "a panda?" in said(one, content).lower()),
]


def said(one: dict[str, Any], content: dict[str, Any]) -> str:
    return "\n".join(content["texts"][turn["text"]] for turn in one["turns"])


@pytest.mark.parametrize(("name", "value", "passes"), FILTERS, ids=[name for name, _, _ in FILTERS])
def test_filters_let_through_what_they_say(
    opened: Tab, content: dict[str, Any], name: str, value: str, passes: Passes
) -> None:
    assert found(opened) == len(content["episodes"])
    choose(opened, name, value)
    expected = sum(passes(one, content) for one in content["episodes"])
    assert 0 < expected < len(content["episodes"]) and found(opened) == expected
    assert opened.run("location.hash").startswith(f"#{name}=")
    opened.run("document.querySelector('.filters [type=reset]').click()")
    opened.wait(f"document.getElementById('found').textContent.startsWith('{len(content['episodes'])} of')")


def test_a_seat_narrows_policy_reward_and_text(opened: Tab, content: dict[str, Any]) -> None:
    choose(opened, "seat", "defender")
    choose(opened, "high", "-1")
    lost = [one for one in content["episodes"] if one["rewards"].get("defender", 0) <= -1]
    assert found(opened) == len(lost)
    choose(opened, "agent", "a")
    assert found(opened) == 0  # it only ever attacks
    assert texts(opened, "#reader") == ["No episode is chosen."]


def test_order_puts_the_best_first(opened: Tab, content: dict[str, Any]) -> None:
    choose(opened, "game", "self_reward")
    choose(opened, "order", "best")
    best = max(of_run(content, "judged"), key=lambda one: one["rewards"]["actor"])
    shown = opened.run("document.querySelector('#option-0 .reward').textContent")
    assert shown.startswith(f"+{best['rewards']['actor']:.2g}")


def test_a_transcript_shows_every_word_with_its_marks(opened: Tab, content: dict[str, Any]) -> None:
    for name in ("leaker", "plans", "judged"):
        choose(opened, "run", name)
        one = of_run(content, name)[0]
        assert texts(opened, ".turn > .said") == [content["texts"][turn["text"]] for turn in one["turns"]]
        marks = [mark for turn in one["turns"] for mark in turn.get("marks", [])]
        assert len(texts(opened, ".turn .chip")) == sum(start == end for _, _, start, end in marks)
        for turn, said in zip(one["turns"], opened.run(MARKED), strict=True):
            units = content["texts"][turn["text"]].encode("utf-16-le", "surrogatepass")
            expected = {kind: "" for kind, _, start, end in turn.get("marks", []) if start < end}
            for kind, _, start, end in turn.get("marks", []):
                if start < end:
                    expected[kind] += units[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")
            assert said == expected
    assert {kind for kind, *_ in marks} >= {"about", "rationale", "read"}


def test_a_reply_that_failed_says_so(page: Tab, tmp_path: Path) -> None:
    write_shard(shard_path(tmp_path / "run", 0), [episode("e", ["", "b"], stop="failed")])
    page.look(WIDE)
    page.open(written(gather([tmp_path / "run"], limits=Limits()), tmp_path))
    assert texts(page, ".turn .chip.failed") == ["no reply: the server failed"] * 2


MARKED = """[...document.querySelectorAll('.turn > .said')].map((said) => {
  const found = {};
  for (const mark of said.querySelectorAll('mark')) {
    for (const kind of mark.classList) found[kind] = (found[kind] ?? '') + mark.textContent;
  }
  return found;
})"""


def test_what_a_seat_had_read_opens_below_its_name(opened: Tab, content: dict[str, Any]) -> None:
    choose(opened, "run", "plans")
    opened.run("document.querySelector('.who .open').click()")
    first = of_run(content, "plans")[0]["turns"][0]["read"]
    assert texts(opened, ".prompt .said") == [content["texts"][place] for place in first[2::2]]
    assert opened.run("document.querySelector('.who .open').getAttribute('aria-expanded')") == "true"
    opened.run("document.querySelector('.episode details').open = true")
    opened.wait("document.querySelector('dl.task')")
    assert "Sealed" in "".join(texts(opened, ".episode details"))


@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_hostile_text_stays_text(opened: Tab, content: dict[str, Any], place: int) -> None:
    one = of_run(content, "hostile")[place]
    opened.run(f"location.hash = 'episode={one['key']}'")
    opened.wait("document.querySelectorAll('.turn').length === 2")
    assert texts(opened, ".turn > .said") == [plain(HOSTILE[place])] * 2
    assert texts(opened, ".turn .who span:nth-of-type(1)")[0] == plain(HOSTILE[place])
    assert opened.run("typeof window.pwned") == "undefined"
    assert opened.run("document.querySelectorAll('main script, main style, main img, main iframe, main a').length") == 0


def test_no_script_but_its_own_runs(opened: Tab) -> None:
    """The policy holds even where an element gets in."""
    script = "Object.assign(document.createElement('script'), { textContent: 'window.pwned = 1' })"
    opened.run(f"document.body.append({script})")
    opened.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned = 1\">')")
    opened.wait("new Promise((done) => setTimeout(() => done(true), 100))")
    assert opened.run("typeof window.pwned") == "undefined"
    assert opened.problems and all("Content Security Policy" in problem for problem in opened.problems)
    opened.problems.clear()


def test_a_line_of_a_million_signs_is_drawn_in_part_until_asked_for(opened: Tab, content: dict[str, Any]) -> None:
    one = of_run(content, "hostile")[-1]
    opened.run(f"location.hash = 'episode={one['key']}'")
    opened.wait("document.querySelector('.said .more')")
    assert opened.run("document.querySelector('.said').textContent.length") < 5000
    opened.run("document.querySelector('.said .more').click()")
    assert opened.run("document.querySelector('.said').textContent") == "x<" * 500_000
    assert opened.run("document.documentElement.scrollWidth") == 1200


def test_keys_alone_lead_everywhere(opened: Tab) -> None:
    opened.press("Tab")
    assert opened.run("document.activeElement.className") == "skip"
    opened.press("Enter")
    assert opened.run("document.activeElement.id") == "main"
    opened.run("document.getElementById('list').focus()")
    for key, at in (("ArrowDown", 1), ("j", 2), ("k", 1), ("End", -1), ("Home", 0), ("ArrowUp", 0), ("j", 1)):
        opened.press(key)
        last = opened.run("document.querySelector('[role=option]').getAttribute('aria-setsize')")
        active = opened.run("document.getElementById('list').getAttribute('aria-activedescendant')")
        assert active == f"option-{int(last) - 1 if at < 0 else at}"
        assert opened.run(f"document.getElementById('{active}').getAttribute('aria-selected')") == "true"
        assert texts(opened, "#reader h3")[0] == opened.run(f"document.querySelector('#{active} b').textContent")
    opened.press("Enter")
    assert opened.run("document.activeElement.closest('#reader') !== null")
    opened.press("j")
    assert opened.run("document.getElementById('list').getAttribute('aria-activedescendant')") == "option-2"
    opened.press("Escape")
    assert opened.run("document.activeElement.id") == "list"
    opened.run("document.querySelector('#reader h3').focus()")
    opened.press("/")
    assert opened.run("document.activeElement.id") == "find"
    opened.press("j")  # a letter like any other here
    assert opened.run("document.activeElement.value") == "j"
    assert opened.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_an_address_leads_to_an_episode_and_another_beside_it(page: Tab, address: str, content: dict[str, Any]) -> None:
    first, second = of_run(content, "bayes")[3], None
    second = next(one for one in of_run(content, "leaker") if one["task"] == first["task"])
    page.look(WIDE)
    page.open("about:blank#")
    page.open(f"{address}#game=taboo&episode={first['key']}&with={second['key']}")
    assert found(page) == sum(one["game"] == "taboo" for one in content["episodes"])
    assert texts(page, ".pair h3") == [first["task"], second["task"]]
    assert page.run("document.querySelector('[aria-selected=true] b').textContent") == first["task"]
    assert page.run("document.getElementById('other').value") == second["key"]
    page.run("document.getElementById('other').value = ''")
    page.run("document.getElementById('other').dispatchEvent(new Event('change'))")
    assert page.run("document.querySelectorAll('.episode').length") == 1
    assert "with=" not in page.run("location.hash")


def test_two_policies_stand_side_by_side_on_the_tasks_that_both_have(opened: Tab, content: dict[str, Any]) -> None:
    choose(opened, "run", "bayes")
    choose(opened, "beside", "run:leaker")
    both = {one["task"] for one in of_run(content, "leaker")} & {one["task"] for one in of_run(content, "bayes")}
    assert found(opened) == len(both) == 12
    assert len(set(texts(opened, ".pair h3"))) == 1
    assert texts(opened, ".where")[1].startswith("taboo · leaker")


def test_of_ten_thousand_episodes_those_in_sight_are_drawn(page: Tab, tmp_path: Path, content: dict[str, Any]) -> None:
    few = of_run(content, "bayes")
    many = [{**few[place % len(few)], "key": f"{place:012x}", "task": f"test/{place}"} for place in range(10_000)]
    page.problems.clear()
    page.look(WIDE)
    page.open(written({**content, "episodes": many}, tmp_path))
    assert found(page) == 10_000
    assert 10 < page.run("document.querySelectorAll('[role=option]').length") < 60
    page.run("document.getElementById('list').focus()")
    page.press("End")
    assert texts(page, "#reader h3") == ["test/9999"]
    assert page.run("document.querySelectorAll('[role=option]').length") < 60
    choose(page, "text", "test/777")
    assert found(page) == 0  # the id is searched, not the task's name alone
    assert page.problems == []


def test_a_page_that_follows_a_run_shows_its_news_and_keeps_what_is_chosen(
    page: Tab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selftaught.benchmarks.report.server.REST", 0.0)
    write_shard(shard_path(tmp_path, 0), [episode("one", ["a", "b"]), episode("two", ["c", "d"])])
    page.problems.clear()
    page.look(WIDE)
    with following(tmp_path) as address:
        page.open(f"{address}/")
        page.wait("document.getElementById('live').textContent === 'following'")
        assert found(page) == 2
        page.run("document.getElementById('list').focus()")
        page.press("j")
        choose(page, "text", "c")
        page.run("document.querySelector('.episode details').open = true")
        page.run("document.getElementById('reader').style.height = '9rem'")
        page.run("document.getElementById('reader').scrollTop = 40")
        write_shard(shard_path(tmp_path, 1), [episode("three", ["cd", "e"])])
        page.wait("document.getElementById('found').textContent === '2 of 3 episodes'")
        assert texts(page, ".turn > .said") == ["c", "d"]
        assert page.run("document.activeElement.id") == "list"
        assert page.run("document.querySelector('[name=text]').value") == "c"
        assert page.run("document.querySelector('.episode details').open")
        assert page.run("document.getElementById('reader').scrollTop") == 40
        assert page.problems == []
        page.open("about:blank#")
