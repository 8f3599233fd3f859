"""A stranger's game: made from the template, validated, played, trained and evaluated by where it is."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium
import pytest

from selftaught.cli import main
from selftaught.envs.anyone import ANYONE
from selftaught.envs.entry import Entry
from selftaught.envs.own import entry_of, load
from selftaught.envs.registry import entry, make_seat_env, player
from selftaught.store import read_run
from selftaught.validation.checks import CHECKS

ROOT = Path(__file__).parents[2]
NAME = "made_up_sums"
GAME = f"{NAME}.game:MadeUpSums"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to be in; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    before, path = set(sys.modules), list(sys.path)
    yield tmp_path
    load.cache_clear()
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def own(here: Path) -> Path:
    """The package of a new game."""
    assert main(["new", "game", NAME]) == 0
    return here / NAME


def test_a_new_game_is_valid_and_its_own_test_passes(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", GAME, "--games", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = {line.split()[1]: line.split()[0] for line in lines if line.startswith(("passed ", "failed ", "skipped "))}
    # The one seat of the game is told all, so no two positions look alike to it.
    assert told == {check.name: "skipped" if check.name == "knowledge" else "passed" for check in CHECKS}
    assert lines[-2].startswith(f"{len(CHECKS) - 1} passed, 1 skipped in ")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", NAME], capture_output=True)
    assert done.returncode == 0, done.stdout
    assert "template" not in "".join(path.read_text("utf-8").lower() for path in own.iterdir() if path.is_file())


def test_an_edited_game_is_another_game(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["rollout", GAME, "--games", "2", "--folder", "run"]
    assert main(command) == main([*command, "--resume"]) == 0
    with (own / "players.py").open("a") as file:
        file.write("# edited\n")
    assert main([*command, "--resume"]) == 2
    assert f"fingerprint of {GAME} (then" in capsys.readouterr().err.replace("\n", " ")


def test_every_command_of_its_readme_runs(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (own / "README.md").read_text("utf-8")
    (block,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = [line.split()[1:] for line in block.splitlines()]
    assert [words[0] for words in commands] == ["validate", "play", "rollout", "train", "eval"]
    assert all(words[1] == GAME for words in commands)
    monkeypatch.setattr("sys.stdin", io.StringIO("Answer: 7\n" * 2))
    small = {
        "train": ["--steps", "1", "--games", "4", "--samples", "2", "--wandb", "off", "--speech.max-new-tokens", "4"],
        "eval": ["--games", "3", "--speech.max-new-tokens", "4"],
    }
    for words in commands[1:]:
        chosen = [word.replace("smollm2-135m", "fake") for word in words]
        assert main([*chosen, *small.get(words[0], [])]) == 0, words
    episodes = list(read_run(Path("runs/guesser")))
    assert len(episodes) == 100 and {turn.agent for one in episodes for turn in one.turns} == {"guesser"}
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(code, {})


def test_a_broken_game_fails_with_an_example(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own / "game.py"
    path.write_text(
        path.read_text("utf-8").replace(
            "return replace(state, said", "text.encode()\n        return replace(state, said"
        )
    )
    assert main(["validate", f"{path}:ENTRY", "--games", "1", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    (game,) = report["games"]
    (failed,) = (found for found in game["findings"] if found["status"] == "failed")
    assert (report["passed"], game["passed"], failed["check"]) == (False, False, "hostile")
    assert failed["said"].startswith("tell raised UnicodeEncodeError") and "position(" in failed["example"]
    assert main(["validate", f"{path}:ENTRY", "--games", "1"]) == 1
    shown = capsys.readouterr().out
    assert "example  from selftaught.validation import" in shown and "remedy  read replies by code" in shown


def test_oracles_can_be_named_on_the_command_line(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for oracle, code in (("solver=oracle", 0), (f"solver={NAME}.players:oracle", 0), ("solver=guesser", 1)):
        assert main(["validate", GAME, "--games", "1", "--settings", "tries=1", "--oracle", oracle]) == code
    assert "the oracle of seat 'solver' earned 0 of 1" in capsys.readouterr().out
    assert main(["validate", GAME, "--oracle", f"solver={NAME}.players:PLAYERS"]) == 2
    assert "is no player, which is a function" in capsys.readouterr().err


def test_games_by_place_are_environments(own: Path) -> None:
    gymnasium.register("mine/MadeUp-v0", "selftaught.envs.registry:make_seat_env", kwargs={"game_name": GAME})
    observation, info = gymnasium.make("mine/MadeUp-v0", tries=3).reset(seed=0)
    assert "What is" in observation and info["ask"].seat == "solver"
    several = ROOT / "tests" / "contract" / "toy.py"
    env = make_seat_env(f"{several}:Toy", seat="guesser", others={"keeper": "honest"})
    _, info = env.reset(seed=0)
    assert info["ask"].seat == "guesser" and env.reset(seed=0)[1] == info


def test_bare_games_get_players_that_know_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "own_games.md").read_text("utf-8")
    code = next(block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "class Sums" in block)
    Path("page.py").write_text(code, "utf-8")
    found = entry("page.py:Sums")
    assert isinstance(found, Entry) and found.seats == ("solver", "judge") and found is entry("page.py:Sums")
    assert found.players == {"solver": dict(ANYONE), "judge": dict(ANYONE)}
    assert player("page:Sums", "judge", "echo") is ANYONE["echo"]
    assert main(["validate", "page.py:Sums", "--games", "2"]) == 0
    assert "skipped  oracle       nobody is named" in capsys.readouterr().out
    assert main(["rollout", "page.py:Sums", "--cast", "judge=echo", "--games", "4", "--folder", "run"]) == 0
    Path("one.py").write_text("from page import Sums\nGAME = Sums()\n", "utf-8")
    assert load("one:GAME").make() is load("one:GAME").make()


def test_what_cannot_be_loaded_is_told_with_code_2(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("syntax.py").write_text("def (:\n", "utf-8")
    Path("lacking.py").write_text("import nothing_of_this_name\n", "utf-8")
    Path("needy.py").write_text("class Game:\n    def __init__(self, size): ...\nclass Odd: name = 'odd'\n", "utf-8")
    Path("json.py").write_text("class Game: ...\n", "utf-8")
    for spec, said in {
        "nowhere.game:Game": "no module 'nowhere', neither installed nor in",
        "nowhere.py:Game": "no file nowhere.py",
        "syntax.py:Game": "importing syntax.py failed: SyntaxError",
        "lacking:Game": "importing lacking failed: No module named 'nothing_of_this_name'",
        "needy:Nope": "needy has no 'Nope'; it defines Game, Odd",
        "needy:Game": "give every setting a default",
        "needy:Odd": "makes a Odd, which has no seats: no game",
        "json.py:Game": "would be imported as 'json'",
        "needy:": "is not written MODULE:NAME",
        "tabu": "did you mean 'taboo'?",
    }.items():
        assert main(["validate", spec]) == 2
        assert said in " ".join(capsys.readouterr().err.split()), spec
    for words in ([], ["taboo", "--all"], ["--all", "--settings", "turns=3"], ["taboo", "--games", "0"]):
        assert main(["validate", *words]) == 2
    for words in (["--settings", "turn=3"], ["--oracle", "patient"], ["--oracle", "defender=nobody"]):
        assert main(["validate", "taboo", *words]) == 2
    assert "Known: answerer" in capsys.readouterr().err


def test_bad_names_and_taken_folders_are_refused(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, said in {
        "My-Game": "no name of a package",
        "class": "no name of a package",
        "_": "no name of a package",
        "../up": "no name of a package",
        "taboo": "a game of selftaught",
        "task": "its code has another Task",
        "state": "its code has another State",
        "subject": "its code has another Subject",
        "json": "a module that is there already",
        "numpy": "a module that is there already",
        NAME: "is there already: take another name, or another folder",
    }.items():
        assert main(["new", "game", name]) == 2
        assert said in " ".join(capsys.readouterr().err.split()), name
    assert sorted(path.name for path in own.parent.iterdir()) == [NAME]
    assert main(["new", "game", "another", "--folder", "deep/er"]) == 0
    assert (own.parent / "deep" / "er" / "another" / "game.py").is_file()


def test_the_page_has_every_check() -> None:
    page = (ROOT / "docs" / "own_games.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [check.name for check in CHECKS]


def test_an_entry_is_made_of_players_and_oracles() -> None:
    found = entry_of(entry("taboo").make, players={"defender": dict(entry("taboo").players["defender"])}, most=2)
    assert found.default_others == {"attacker": "silent", "defender": "bayes"} and found.most == 2
    assert found.yardsticks == {"attacker": ("silent",), "defender": ("bayes",)}
    assert found.teachers == {"attacker": (), "defender": ()}
