"""Train on a game inside TRL's GRPOTrainer; then write its episodes in TRL's dataset formats."""

import sys
from itertools import islice
from tempfile import mkdtemp

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_models import load
from selftaught.algorithms.trl_bridge import TrlGame, preference_rows, sft_rows
from selftaught.envs.registry import make_game
from selftaught.rollout import rollout

# A tiny random model, which shows only that all parts run; put "smollm2-135m" here for one that can learn.
MODEL = "fake"

game = make_game("graph_plan", turns=3)  # several turns: what the game says in between is masked out
agent = LocalAgent(with_lora(load(MODEL), rank=8), name="policy", sampling=Sampling(max_new_tokens=8))
plans = TrlGame(game, list(islice(game.tasks("train", seed=0), 2)), agent)
config = GRPOConfig(
    output_dir=sys.argv[1] if len(sys.argv) > 1 else mkdtemp(),
    per_device_train_batch_size=4,
    num_generations=4,
    max_steps=2,
    logging_steps=1,
    use_cpu=True,
    bf16=False,
    report_to="none",
    disable_tqdm=True,
)
trainer = GRPOTrainer(
    model=agent.model,
    args=config,
    train_dataset=Dataset.from_list(plans.rows),
    processing_class=agent.tokenizer,
    reward_funcs=plans.reward,
    rollout_func=plans.rollout_func,
)
trainer.train()
print(f"{trainer.state.global_step} steps, mean reward {float(trainer.state.log_history[-2]['reward']):.2f}")

single = make_game("graph_plan", mode="answer")
episodes = rollout(single, islice(single.tasks("train", seed=0), 4), {"planner": agent}, seed=0, samples=4)
pairs = preference_rows(episodes)  # for DPOTrainer
kept = sft_rows(episodes, keep=lambda episode, seat: episode.outcome.rewards[seat] == 1)  # for SFTTrainer
print(f"{len(pairs)} preferences and {len(kept)} right answers of {len(episodes)} replies")
