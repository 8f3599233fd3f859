"""What is handed to TRL: tokens as they were sampled, what others said masked out, rows in its formats."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from selftaught.agents.local import LocalAgent, Sampling, with_lora
from selftaught.agents.local_fake import fake
from selftaught.algorithms.trl_bridge import TrlGame, preference_rows, sft_rows
from selftaught.envs.registry import make_game
from selftaught.types import Ask, Episode, Message, Outcome, Reply, Task, Turn


def agent() -> LocalAgent:
    return LocalAgent(with_lora(fake(), rank=2, alpha=4), sampling=Sampling(max_new_tokens=5))


def test_turns_are_one_completion_with_the_game_masked_out() -> None:
    game, player = make_game("graph_plan", turns=3), agent()
    plans = TrlGame(game, list(islice(game.tasks("train", 0), 2)), player)
    prompts = [row["prompt"] for row in plans.rows for _ in range(2)]
    found = plans.rollout_func(prompts, None)
    assert {len(column) for column in found.values()} == {4}
    for prompt, tokens, logprobs, mask in zip(
        *(found[name] for name in ("prompt_ids", "completion_ids", "logprobs", "env_mask")), strict=True
    ):
        assert len(tokens) == len(logprobs) == len(mask)
        assert all(value < 0 for value, own in zip(logprobs, mask, strict=True) if own)
        assert all(value == 0 for value, own in zip(logprobs, mask, strict=True) if not own)
        text = player.tokenizer.decode([*prompt, *tokens])
        assert text.count("Now write:") == 3 and 3 <= sum(mask) <= 15
    assert plans.reward(completions=prompts, game_reward=found["game_reward"]) == found["game_reward"]
    again = plans.rollout_func(prompts, None)
    assert again["completion_ids"] != found["completion_ids"]


def test_games_that_trl_cannot_train_are_refused() -> None:
    taboo = make_game("taboo")
    with pytest.raises(ValueError, match="trains one seat"):
        TrlGame(taboo, [], agent())
    game = make_game("graph_plan")
    task = next(game.tasks("train", 0))
    with pytest.raises(ValueError, match="begin with the same prompt"):
        TrlGame(game, [task, task], agent())


def episode(group: str, text: str, reward: float, *, turns: int = 1) -> Episode:
    said = Turn(Ask("x", (Message("user", group),)), Reply(text), "p")
    return Episode(text, "toy", Task(group, {}), group, (said,) * turns, Outcome("end", {"x": reward}), {})


def test_rows_for_trainers() -> None:
    episodes = [
        episode("a", "good", 1.0),
        episode("a", "bad", 0.0),
        episode("a", "so-so", 0.5),
        episode("b", "same", 1.0),
    ]
    prompt = [{"role": "user", "content": "a"}]
    good, bad = ([{"role": "assistant", "content": text}] for text in ("good", "bad"))
    assert preference_rows(episodes) == [{"prompt": prompt, "chosen": good, "rejected": bad}]
    assert preference_rows(episodes, margin=1.0) == []
    asked_otherwise = replace(episode("b", "bad", 0.0), group="a")
    assert preference_rows([episodes[0], asked_otherwise]) == []
    kept = sft_rows(episodes, keep=lambda one, seat: one.outcome.rewards[seat] == 1)
    assert [row["messages"][-1]["content"] for row in kept] == ["good", "same"]
    assert kept[0] == {"messages": [*prompt, *good]}
    with pytest.raises(ValueError, match="2 turns"):
        preference_rows([episode("a", "x", 0.0, turns=2)])


def test_a_prompt_that_does_not_extend_the_one_before_is_refused() -> None:
    from selftaught.algorithms.trl_bridge import _sequence

    first, second = (Turn(Ask("x", ()), Reply("", tokens, (9,), (-1.0,)), "p") for tokens in ((1, 2), (3, 4)))
    split = Episode("e", "toy", Task("t", {}), "t", (first, second), Outcome("end", {"x": 0.0}), {})
    with pytest.raises(ValueError, match="does not extend"):
        _sequence(split)
