"""All seats as a PettingZoo AEC environment: order of calls, dead agents, observations."""

from __future__ import annotations

import importlib
import pickle

import pytest

from selftaught.envs.aec_view import AFTER_RESET, AecView
from selftaught.envs.entry import Entry
from tests.contract import toy
from tests.contract.cases import ENTRIES, by_seat, cast_of, entry_id, play_table

ENTRY = pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)


@ENTRY
def test_rewards_come_at_the_end_to_all_at_once(entry: Entry) -> None:
    env = AecView(entry.make())
    turns, outcome, metrics = play_table(env, by_seat(cast_of(entry)), seed=2)
    assert turns and {ask.seat for ask, _ in turns} <= set(entry.seats)
    assert outcome.rewards.keys() == set(entry.seats)
    assert all(isinstance(value, (int, float)) for value in metrics.values())
    assert env.agents == [] == list(env.infos)


@ENTRY
def test_order_is_enforced(entry: Entry) -> None:
    env = AecView(entry.make())
    for name in AFTER_RESET:
        with pytest.raises(AttributeError, match="before reset"):
            getattr(env, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = env.nonsense
    for call in (lambda: env.step("a"), lambda: env.observe(entry.seats[0]), env.agent_iter, env.render):
        with pytest.raises(AssertionError, match="before"):
            call()
    env.reset(seed=0)
    with pytest.raises(AssertionError, match="agent_iter"):
        for _ in env.agent_iter():
            pass
    with pytest.raises(TypeError, match="int"):
        env.step(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="NoneType"):
        env.step(None)
    with pytest.raises(ValueError, match="no seat 'nobody'"):
        env.observe("nobody")
    with pytest.raises(ValueError, match="tusk"):
        env.reset(options={"tusk": 1})
    assert len(list(zip(range(3), _stepping(env), strict=False))) >= 2


@ENTRY
def test_dead_agents_take_none_and_leave(entry: Entry, caplog: pytest.LogCaptureFixture) -> None:
    env = AecView(entry.make())
    env.reset(seed=0)
    cast = cast_of(entry)
    while not any(env.terminations.values()):
        env.step(cast[env.agent_selection](env.infos[env.agent_selection]["ask"]))
    rewards = dict(env.rewards)
    for left in range(len(entry.seats), 0, -1):
        assert len(env.agents) == left
        _, reward, terminated, truncated, info = env.last()
        assert reward == rewards[env.agent_selection]
        assert (terminated, truncated) == (True, False)
        assert info.keys() == {"outcome", "metrics"}
        with pytest.raises(ValueError, match="None"):
            env.step("still here")
        env.step(None)
    env.step(None)
    assert "step() called after all agents" in caplog.text
    env.reset()
    assert env.agents == list(entry.seats)


def test_observations_are_the_newest_prompt_with_the_own_reply() -> None:
    env = AecView(toy.Toy())
    env.reset(seed=0)
    assert env.observe(toy.GUESSER) == {"prompt": ""}
    asked = env.observe(toy.KEEPER)["prompt"]
    assert asked.startswith("system: You hold the number")
    env.step("Go on.")
    assert env.observe(toy.KEEPER) == {"prompt": f"{asked}\n\nassistant: Go on."}
    guesser = env.observe(toy.GUESSER)["prompt"]
    assert guesser.endswith("\n\nuser: Go on.") and "hold" not in guesser
    assert env.infos[toy.KEEPER] == {}
    assert env.infos[toy.GUESSER]["ask"].seat == toy.GUESSER


@ENTRY
def test_view_can_be_pickled_in_play(entry: Entry) -> None:
    env = AecView(entry.make())
    env.reset(seed=0)
    cast = by_seat(cast_of(entry))
    env._tasks = None  # a stream of tasks may be a generator, which cannot be pickled
    twin = pickle.loads(pickle.dumps(env))
    while not any(env.terminations.values()):
        for one in (env, twin):
            one.step(cast(one.infos[one.agent_selection]["ask"]))
    assert env.infos == twin.infos


@ENTRY
def test_render_names_every_turn(entry: Entry, capsys: pytest.CaptureFixture[str]) -> None:
    env, human = (AecView(entry.make(), render_mode=mode) for mode in ("ansi", "human"))
    turns, outcome, _ = play_table(env, by_seat(cast_of(entry)), seed=0)
    play_table(human, by_seat(cast_of(entry)), seed=0)
    text = env.render()
    assert text is not None
    assert all(f"{ask.seat}: " in text for ask, _ in turns)
    assert outcome.end in text
    assert capsys.readouterr().out == text + "\n"


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry is not toy.ENTRY], ids=entry_id)
def test_pettingzoo_module(entry: Entry) -> None:
    module = importlib.import_module(f"selftaught.envs.{entry.name}_v0")
    for make in (module.env, module.raw_env):
        env = make(task_seed=1)
        assert isinstance(env, AecView)
        assert str(env) == f"{entry.name}_v0"
        assert env.game == entry.make()


def _stepping(env: AecView):  # type: ignore[no-untyped-def]
    for seat in env.agent_iter():
        env.step(None if env.terminations[seat] else "word")
        yield seat
