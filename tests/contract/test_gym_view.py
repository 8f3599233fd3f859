"""One seat as a Gymnasium environment: wrappers, vector environments, and misuse."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import RecordEpisodeStatistics, TimeLimit

from selftaught.envs.entry import Entry
from selftaught.envs.gym_view import LEARNER, MOST_SKIPS, SeatEnv
from selftaught.types import Ask, Episode, Reply, Seat
from selftaught.validation.views import no_warnings
from tests.contract import toy
from tests.contract.cases import ENTRIES, SEATS, cast_of, entry_id, make, play_seat, seat_env

ENTRY = pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
ENTRY_SEAT = pytest.mark.parametrize(("entry", "seat"), SEATS, ids=entry_id)


@ENTRY
def test_make_wraps_without_complaint(entry: Entry) -> None:
    with no_warnings():
        env = RecordEpisodeStatistics(TimeLimit(make(entry), 50))
        observation, info = env.reset(seed=1)
        while "ask" in info:
            assert observation in env.observation_space
            observation, reward, _, _, info = env.step(cast_of(entry)[entry.default_seat](info["ask"]))
        assert info["episode"]["r"] == reward
        assert isinstance(info["record"], Episode)
        env.close()


@ENTRY_SEAT
def test_record_tells_the_whole_game(entry: Entry, seat: Seat) -> None:
    env = seat_env(entry, seat)
    record = play_seat(env, cast_of(entry)[seat], seed=4)
    assert record.env == entry.name
    assert record.outcome.rewards.keys() == set(entry.seats)
    assert record.turns_of(seat)
    for turn in record.turns:
        assert (turn.agent == LEARNER) == (turn.ask.seat == seat)
        assert turn.ask.seed > 0
        assert turn.reply.tokens == ()


@ENTRY
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vector_environments_play_like_single_ones(entry: Entry, mode: str) -> None:
    player = cast_of(entry)[entry.default_seat]
    options: dict[str, Any] = {"vector_kwargs": {"shared_memory": False}} if mode == "async" else {}
    singles = [make(entry) for _ in range(3)]
    with no_warnings():
        envs = gymnasium.make_vec(entry.id, num_envs=3, vectorization_mode=mode, **options)
        observations, infos = envs.reset(seed=11)
        alone = [env.reset(seed=11 + place) for place, env in enumerate(singles)]
        assert observations == tuple(observation for observation, _ in alone)
        live = [True] * 3
        while any(live):
            asks = infos.get("ask", [None] * 3)
            texts = tuple(player(asks[place]) if live[place] else "" for place in range(3))
            observations, rewards, ends, cuts, infos = envs.step(texts)
            assert observations in envs.observation_space
            assert not cuts.any()
            for place in [place for place in range(3) if live[place]]:
                observation, reward, end, _, info = singles[place].step(texts[place])
                assert (observations[place], rewards[place], ends[place]) == (observation, reward, end)
                if end:
                    assert infos["record"][place] == info["record"]
                    live[place] = False
        envs.close()


def test_shared_memory_is_refused_with_advice() -> None:
    with pytest.raises(ValueError, match="shared_memory=False"):
        gymnasium.make_vec(toy.GYM_ID, num_envs=1, vectorization_mode="async")


@ENTRY
def test_next_step_autoreset_returns_the_terminal_observation_then_the_first(entry: Entry) -> None:
    player, single = cast_of(entry)[entry.default_seat], seat_env(entry, entry.default_seat)
    envs = gymnasium.make_vec(entry.id, num_envs=1, vectorization_mode="sync")
    assert envs.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    _, infos = envs.reset(seed=5)
    _, info = single.reset(seed=5)
    for _ in range(4):
        ended = False
        while not ended:
            text = player(info["ask"])
            observation, reward, ended, _, info = single.step(text)
            observations, rewards, ends, _, infos = envs.step((text,))
            assert (observations, rewards.tolist(), ends.tolist()) == ((observation,), [reward], [ended])
        assert infos["record"][0] == info["record"]
        assert infos["outcome"][0] == info["outcome"]
        assert {key: infos["metrics"][key][0] for key in info["metrics"]} == pytest.approx(info["metrics"], nan_ok=True)
        assert "ask" not in infos
        observation, info = single.reset()
        observations, rewards, ends, _, infos = envs.step(("ignored",))
        assert (observations, rewards.tolist(), ends.tolist()) == ((observation,), [0.0], [False])
        assert infos["ask"][0] == info["ask"]


@ENTRY
def test_same_step_autoreset_keeps_the_terminal_observation_in_the_infos(entry: Entry) -> None:
    player, single = cast_of(entry)[entry.default_seat], seat_env(entry, entry.default_seat)
    envs = gymnasium.make_vec(
        entry.id, num_envs=1, vectorization_mode="sync", vector_kwargs={"autoreset_mode": AutoresetMode.SAME_STEP}
    )
    _, infos = envs.reset(seed=5)
    _, info = single.reset(seed=5)
    for _ in range(4):
        ended = False
        while not ended:
            text = player(info["ask"])
            observation, reward, ended, _, info = single.step(text)
            observations, rewards, ends, _, infos = envs.step((text,))
            assert (rewards.tolist(), ends.tolist()) == ([reward], [ended])
        assert infos["final_obs"][0] == observation
        assert infos["final_info"]["record"][0] == info["record"]
        assert infos["final_info"]["outcome"][0] == info["outcome"]
        observation, info = single.reset()
        assert observations == (observation,)
        assert infos["ask"][0] == info["ask"]


@ENTRY
def test_misuse_is_named(entry: Entry) -> None:
    env = seat_env(entry, entry.default_seat)
    for call in (lambda: env.step("too early"), env.render):
        with pytest.raises(ResetNeeded, match="reset"):
            call()
    with pytest.raises(ValueError, match="tusk"):
        env.reset(options={"tusk": 1})
    with pytest.raises(TypeError, match="dict"):
        env.reset(options={"task": {}})
    env.reset(seed=0)
    for action, name in ((None, "NoneType"), (3, "int"), (b"bytes", "bytes"), (["a"], "list")):
        with pytest.raises(TypeError, match=name):
            env.step(action)  # type: ignore[arg-type]
    play_seat(env, cast_of(entry)[entry.default_seat])
    with pytest.raises(ResetNeeded, match="over"):
        env.step("too late")
    with pytest.raises(ValueError, match="rgb_array"):
        seat_env(entry, entry.default_seat, render_mode="rgb_array")


@ENTRY
def test_given_task_is_played_and_the_stream_waits(entry: Entry) -> None:
    game, seat = entry.make(), entry.default_seat
    given = next(game.tasks("test", 99))
    env = seat_env(entry, seat, task_seed=3)
    expected = game.tasks("train", 3)
    player = cast_of(entry)[seat]
    assert play_seat(env, player, seed=1).task == next(expected)
    env.reset(options={"task": given})
    *_, info = env.step("")
    while "ask" in info:
        *_, info = env.step("")
    assert info["record"].task == given
    if not env.skipped:
        assert play_seat(env, player).task == next(expected)


@ENTRY
def test_render(entry: Entry, capsys: pytest.CaptureFixture[str]) -> None:
    seat = entry.default_seat
    env = seat_env(entry, seat, render_mode="ansi")
    play_seat(env, lambda ask: "wipe \x1b[2J and \ud800", seed=0)
    text = env.render()
    assert text is not None and f"{seat}: wipe \\x1b[2J and \\ud800" in text
    assert "\x1b" not in text
    text.encode()
    human = seat_env(entry, seat, render_mode="human")
    play_seat(human, lambda ask: "wipe \x1b[2J and \ud800", seed=0)
    assert capsys.readouterr().out.split("\n") == [*text.split("\n"), ""]
    with pytest.warns(UserWarning, match="render_mode"):
        silent = seat_env(entry, seat)
        silent.reset()
        silent.render()


def test_games_that_end_before_the_seat_acts_are_skipped_and_counted() -> None:
    env = seat_env(toy.ENTRY, toy.GUESSER, {toy.KEEPER: "blabbing"})
    for seed in range(20):
        _, info = env.reset(seed=seed)
        assert info["ask"].seat == toy.GUESSER
    assert 0 < env.skipped < 60
    never = SeatEnv(toy.Toy(), seat=toy.GUESSER, others=lambda ask: str(ask.view["secret"]))
    with pytest.raises(RuntimeError, match=str(MOST_SKIPS)):
        never.reset(seed=0)


def test_others_may_be_agents_functions_or_names() -> None:
    class Fixed:
        name = "fixed"

        def reply(self, asks: Any) -> list[Reply]:
            return [Reply("no", tokens=(1, 2), logprobs=(-0.5, -1.0), stop="end") for _ in asks]

    env = SeatEnv(toy.Toy(guesses=1), seat=toy.GUESSER, others={toy.KEEPER: Fixed()})
    record = play_seat(env, lambda ask: "0", seed=0)
    assert [turn.agent for turn in record.turns] == ["fixed", LEARNER]
    assert record.turns[0].reply.tokens == (1, 2)
    with pytest.raises(ValueError, match="toy"):
        SeatEnv(toy.Toy(), seat=toy.GUESSER, others="honest")
    with pytest.raises(TypeError, match="int"):
        SeatEnv(toy.Toy(), seat=toy.GUESSER, others=3)  # type: ignore[arg-type]
    for others in (None, {}, {toy.GUESSER: toy.bisect}, {toy.KEEPER: toy.honest, "judge": toy.honest}):
        with pytest.raises(ValueError, match="keeper"):
            SeatEnv(toy.Toy(), seat=toy.GUESSER, others=others)
    with pytest.raises(ValueError, match="judge"):
        SeatEnv(toy.Toy(), seat="judge", others=toy.honest)


def test_every_ask_has_its_own_seed() -> None:
    seeds: list[int] = []

    def note(ask: Ask) -> str:
        seeds.append(ask.seed)
        return "no"

    env = SeatEnv(toy.Toy(), seat=toy.GUESSER, others=note)
    play_seat(env, note, seed=0)
    play_seat(env, note)
    assert len(set(seeds)) == len(seeds) == 20
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_numpy_text_becomes_plain_text() -> None:
    env = seat_env(toy.ENTRY, toy.GUESSER)
    record = play_seat(env, lambda ask: np.str_("0"), seed=0)
    assert {type(turn.reply.text) for turn in record.turns} == {str}
