"""The work that ``selftaught.benchmarks.speed`` times: the same prompts, samples and lengths for us and for the peer.

Every function does its work once and returns ``Done``. Peers are called as their documentation calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from selftaught.agents.local import LocalAgent, Sampling, merged, with_lora
from selftaught.agents.local_models import Loaded, load
from selftaught.agents.local_products import product
from selftaught.agents.local_slab import geometry
from selftaught.algorithms.examples import Example, Span
from selftaught.algorithms.grpo import Grpo
from selftaught.algorithms.learner import Learner
from selftaught.algorithms.optimisation import Optimisation
from selftaught.envs.taboo.game import Taboo
from selftaught.envs.taboo.words import lexicon
from selftaught.rollout import rollout
from selftaught.types import Ask, Episode, Game, Message, Outcome, Reply, Task, Turn

NEW_TOKENS = 32
TRAINED = 40


@dataclass(frozen=True)
class Done:
    """``amount`` of work in ``seconds``.

    ``read`` are the tokens that a perfect cache would still have to read, ``seen`` the keys that all sampled tokens
    attended to together, ``rules`` the seconds spent in the game's own code.
    """

    amount: float
    seconds: float
    read: int = 0
    seen: int = 0
    rules: float = 0.0


def limits(model: str) -> dict[str, Any]:
    """The machine's best product rate (multiply-adds count two) and reading bandwidth, and the model's sizes."""
    import torch

    def best(work: Callable[[], object], amount: float) -> float:
        work()
        rates = []
        for _ in range(15):
            clock = perf_counter()
            work()
            rates.append(amount / (perf_counter() - clock))
        return max(rates)

    with torch.inference_mode():
        left, right = torch.randn(1024, 1024), torch.randn(1024, 4096)
        kernels = (lambda: left @ right), partial(product(right.T), left)
        flops = max(best(kernel, 2 * 1024 * 1024 * 4096) for kernel in kernels)
        block = torch.ones(2**28 // 4 * 2)
        bandwidth = best(block.sum, block.nbytes)
    causal: Any = load(model).model
    total = sum(weight.numel() for weight in causal.parameters())
    head = causal.get_output_embeddings().weight.numel()
    body = total - causal.get_input_embeddings().weight.numel()
    numbers = geometry(causal.config).numbers
    return {"flops": flops, "bandwidth": bandwidth, "body_weights": body, "head_weights": head, "kv_numbers": numbers}


@dataclass(frozen=True)
class Talk(Taboo):
    """Taboo whose judge sleeps, so that every game has all its utterances, whatever a raw model says."""

    name: str = field(default="talk", init=False)

    def _verdict(self, seat: str, text: str, *, target: str) -> tuple[str | None, str]:
        return None, ""


class Clocked:
    """A game that adds up the seconds spent in it."""

    def __init__(self, game: Game[Any]) -> None:
        self.game = game
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.game, name)
        return self._timed(found) if name in ("start", "ask", "tell", "outcome", "metrics") else found

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            clock = perf_counter()
            try:
                return function(*arguments)
            finally:
                self.seconds += perf_counter() - clock

        return call


class Recorder:
    """Counts what a rollout really sampled and read."""

    def __init__(self, episodes: Sequence[Episode]) -> None:
        self.sampled = self.read = self.seen = 0
        for episode in episodes:
            held: dict[str, int] = {}
            for turn in episode.turns:
                prompt, reply = len(turn.reply.prompt_tokens), len(turn.reply.tokens)
                self.sampled += reply
                self.read += prompt - held.get(turn.ask.seat, 0)
                self.seen += sum(range(prompt, prompt + reply))
                held[turn.ask.seat] = prompt + reply - 1


def model(name: str) -> Loaded:
    """The model of all rows, with a fresh adapter of rank 16."""
    return with_lora(load(name), rank=16, alpha=32)


def dialogues(loaded: Loaded, *, games: int, turns: int = 5, batch: int = 64, seed: int = 0) -> Done:
    """``games`` taboo games of two times ``turns`` utterances, the model in both seats."""
    agent = LocalAgent(loaded, sampling=Sampling(max_new_tokens=NEW_TOKENS), batch=batch, cache_gigabytes=12)
    game: Any = Clocked(Talk(turns=turns))
    tasks = list(islice(game.tasks("train", 0), games))
    clock = perf_counter()
    episodes = rollout(game, tasks, dict.fromkeys(game.seats, agent), seed=seed)
    seconds = perf_counter() - clock
    counted = Recorder(episodes)
    return Done(counted.sampled, seconds, counted.read, counted.seen, game.seconds)


class Generate:
    """``transformers.generate`` as an agent: one padded batch a turn, which reads the whole dialogue every time."""

    name = "generate"

    def __init__(self, loaded: Loaded, *, tokens: int) -> None:
        self.agent = LocalAgent(loaded)
        self.tokens = tokens
        self.sampled = 0

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """One reply an ask."""
        codec, tokenizer = self.agent.codec, self.agent.tokenizer
        prompts = [codec.prompt(ask.messages) for ask in asks]
        rows = generate(self.agent.model, prompts, tokenizer=tokenizer, tokens=self.tokens)
        self.sampled += sum(map(len, rows))
        return [Reply(codec.decode(row), prompt, tuple(row)) for prompt, row in zip(prompts, rows, strict=True)]


def generate(
    causal: Any, prompts: Sequence[Sequence[int]], *, tokenizer: Any, tokens: int, samples: int = 1
) -> list[list[int]]:
    """Sampled tokens of every prompt and sample, the end-of-turn token included."""
    import torch

    pad, end = tokenizer.pad_token_id, tokenizer.eos_token_id
    longest = max(map(len, prompts))
    with torch.inference_mode():
        out = causal.generate(
            input_ids=torch.tensor([[pad] * (longest - len(row)) + list(row) for row in prompts]),
            attention_mask=torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in prompts]),
            max_new_tokens=tokens,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            num_return_sequences=samples,
            pad_token_id=pad,
            eos_token_id=end,
        )
    rows: list[list[int]] = out[:, longest:].tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in rows]


def dialogues_by_generate(loaded: Loaded, *, games: int, turns: int = 5, seed: int = 0) -> Done:
    """The same games, turn by turn through ``transformers.generate``."""
    import torch

    torch.manual_seed(seed)
    agent = Generate(loaded, tokens=NEW_TOKENS)
    game = Talk(turns=turns)
    tasks = islice(game.tasks("train", 0), games)
    with merged(loaded.model, "default"):  # the peer shall not pay for the adapter
        clock = perf_counter()
        rollout(game, tasks, dict.fromkeys(game.seats, agent), seed=seed)
        return Done(agent.sampled, perf_counter() - clock)


def long_prompts(loaded: Loaded, count: int, *, tokens: int = 300) -> list[tuple[Message, ...]]:
    """Chats of about ``tokens`` tokens: facts to be summed up."""
    codec = LocalAgent(loaded).codec
    entries = list(lexicon().values())
    chats: list[tuple[Message, ...]] = []
    for number in range(count):
        text = "Sum up in one sentence."
        place = number * 37
        while len(codec.prompt((Message("user", text),))) < tokens - 12:
            entry = entries[place % len(entries)]
            text += f" The {entry.word} {entry.facts[place % 7]}."
            place += 1
        chats.append((Message("user", text),))
    return chats


def groups(loaded: Loaded, *, prompts: int, samples: int, tokens: int = 300, seed: int = 0) -> Done:
    """``samples`` replies to each of ``prompts`` prompts of ``tokens`` tokens."""
    chats = long_prompts(loaded, prompts, tokens=tokens)
    sampling = Sampling(max_new_tokens=TRAINED)
    agent = LocalAgent(loaded, sampling=sampling, batch=prompts * samples, cache_gigabytes=12)
    asks = [Ask("x", chat, seed=seed + 1000 * n + k) for n, chat in enumerate(chats) for k in range(samples)]
    clock = perf_counter()
    replies = agent.reply(asks)
    seconds = perf_counter() - clock
    read = sum(len(replies[n * samples].prompt_tokens) for n in range(prompts))
    return Done(sum(len(reply.tokens) for reply in replies), seconds, read)


def groups_by_generate(loaded: Loaded, *, prompts: int, samples: int, seed: int = 0) -> Done:
    """The same through ``generate`` with ``num_return_sequences``."""
    import torch

    agent = LocalAgent(loaded)
    codes = [agent.codec.prompt(chat) for chat in long_prompts(loaded, prompts)]
    torch.manual_seed(seed)
    with merged(loaded.model, "default"):
        clock = perf_counter()
        rows = generate(agent.model, codes, tokenizer=agent.tokenizer, tokens=TRAINED, samples=samples)
        return Done(sum(map(len, rows)), perf_counter() - clock)


def update_sequences(loaded: Loaded, *, prompts: int, samples: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Prompt and reply tokens: long prompts, each with ``samples`` replies of ``TRAINED`` tokens drawn at random."""
    codec = LocalAgent(loaded).codec
    random = np.random.default_rng(0)
    most = min(40_000, len(loaded.tokenizer) - 3)
    chats = long_prompts(loaded, prompts, tokens=310)
    return [
        (codec.prompt(chat), tuple(int(token) for token in random.integers(100, most, size=TRAINED)))
        for chat in chats
        for _ in range(samples)
    ]


def reward_of(place: int) -> float:
    """A reward for the fixed sequences, different within every group."""
    return float(place % 3 == 0)


class Update:
    """GRPO updates of ours on fixed sequences."""

    def __init__(self, loaded: Loaded, *, prompts: int, samples: int, tokens: int) -> None:
        rows = update_sequences(loaded, prompts=prompts, samples=samples)
        self.learner = Learner(loaded.model, Optimisation(batch=len(rows), tokens=tokens))
        self.examples = [
            Example((*prompt, *reply), (Span(len(prompt), len(prompt) + len(reply), value=reward_of(n) - 1 / 3),))
            for n, (prompt, reply) in enumerate(rows)
        ]

    def __call__(self) -> Done:
        """One optimiser step; the ratio starts at one, as with sequences just sampled."""
        current = self.learner.with_reference(self.examples, bare=False)
        examples = [replace(example, sampled=example.reference, reference=()) for example in current]
        algorithm = Grpo()
        clock = perf_counter()
        self.learner.update(examples, algorithm.loss, seed=0, reference=algorithm.reference)
        return Done(sum(len(example.tokens) for example in examples), perf_counter() - clock)


class Iteration:
    """Full GRPO iterations of ours: sample, reward, update."""

    def __init__(self, loaded: Loaded, *, prompts: int, samples: int, tokens: int) -> None:
        self.chats = long_prompts(loaded, prompts)
        self.samples = samples
        sampling = Sampling(max_new_tokens=TRAINED)
        self.agent = LocalAgent(loaded, name="p", sampling=sampling, batch=prompts * samples, cache_gigabytes=12)
        self.learner = Learner(loaded.model, Optimisation(batch=prompts * samples, tokens=tokens))
        self.rounds = 0

    def __call__(self) -> Done:
        """One iteration; its amount is the tokens of all sequences."""
        self.rounds += 1
        clock = perf_counter()
        seeds = range(1000 * self.rounds, 1000 * self.rounds + self.samples)
        asks = [Ask("x", chat, seed=seed) for chat in self.chats for seed in seeds]
        replies = self.agent.reply(asks)
        self.agent.forget()
        episodes = [
            Episode(
                str(n),
                "sum",
                Task(str(n // self.samples), {}),
                str(n // self.samples),
                (Turn(ask, reply, "p"),),
                Outcome("end", {"x": reward_of(n)}),
                {},
            )
            for n, (ask, reply) in enumerate(zip(asks, replies, strict=True))
        ]
        algorithm = Grpo()
        examples, _ = algorithm.examples(episodes, {}, codec=self.agent.codec)
        self.learner.update(examples, algorithm.loss, seed=0, reference=algorithm.reference)
        seconds = perf_counter() - clock
        return Done(sum(len(r.prompt_tokens) + len(r.tokens) for r in replies), seconds)


class Trl:
    """TRL's ``GRPOTrainer``, one step a call: on ``fixed`` sequences, or a full iteration with its own sampling."""

    def __init__(self, loaded: Loaded, *, prompts: int, samples: int, fixed: bool, checkpointing: bool) -> None:
        from datasets import Dataset
        from transformers import TrainerCallback
        from trl import GRPOTrainer

        rows = update_sequences(loaded, prompts=prompts, samples=samples)
        chats = long_prompts(loaded, prompts, tokens=310 if fixed else 300)
        clocks: list[float] = []
        self.clocks, self.amount = clocks, 0

        def rollout_func(chats: list[Any], trainer: Any) -> dict[str, Any]:
            return {
                "prompt_ids": [list(prompt) for prompt, _ in rows],
                "completion_ids": [list(reply) for _, reply in rows],
                "logprobs": [[0.0] * len(reply) for _, reply in rows],
            }

        def reward(prompts: list[Any], completion_ids: list[list[int]], **_: Any) -> list[float]:
            codec = LocalAgent(loaded).codec
            heads = [codec.prompt(tuple(Message(m["role"], m["content"]) for m in chat)) for chat in prompts]
            self.amount = sum(len(head) + len(said) for head, said in zip(heads, completion_ids, strict=True))
            return [reward_of(place) for place in range(len(completion_ids))]

        class Clock(TrainerCallback):
            def on_step_begin(self, *_: Any, **__: Any) -> None:
                clocks.append(-perf_counter())

            def on_step_end(self, *_: Any, **__: Any) -> None:
                clocks[-1] += perf_counter()

        self.folder = TemporaryDirectory()
        config = _trl_config(self.folder.name, count=prompts * samples, samples=samples, checkpointing=checkpointing)
        data = [{"prompt": [{"role": m.role, "content": m.content} for m in chat]} for chat in chats]
        self.trainer = GRPOTrainer(
            model=loaded.model,
            reward_funcs=reward,
            args=config,
            train_dataset=Dataset.from_list(data),
            processing_class=loaded.tokenizer,
            callbacks=[Clock()],
            rollout_func=rollout_func if fixed else None,
        )

    def __call__(self) -> Done:
        """One step."""
        self.trainer.train()
        return Done(self.amount, self.clocks[-1])


def _trl_config(folder: str, *, count: int, samples: int, checkpointing: bool) -> Any:
    from trl import GRPOConfig

    return GRPOConfig(
        output_dir=folder,
        per_device_train_batch_size=8,
        gradient_accumulation_steps=count // 8,
        num_generations=samples,
        max_completion_length=TRAINED,
        max_steps=1,
        temperature=1.0,
        learning_rate=1e-4,
        beta=0.0,
        gradient_checkpointing=checkpointing,
        bf16=False,
        use_cpu=True,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        shuffle_dataset=False,
    )
