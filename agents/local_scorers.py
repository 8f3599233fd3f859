"""Scorers that look into a language model: how likely an answer is to it, whether it says yes, how near it lies.

They take the seat of a scorer in ``reflect``; ``ask.view`` has the ``question`` (messages) and the ``answer``. None of
them knows what is true: their AUROC against the sealed truth is what ``selftaught.benchmarks`` measures.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import torch
from torch import Tensor

from selftaught.agents.local import LocalAgent
from selftaught.agents.local_adapters import merged
from selftaught.agents.scorers import Agreement, scored
from selftaught.types import Agent, Ask, Message, Reply

JUDGED: Final = "Is this answer right? Reply with one word: yes or no."


@dataclass(frozen=True)
class Likelihood:
    """The geometric mean of the probabilities of the answer's tokens: what the published loop takes for factuality."""

    agent: LocalAgent
    name: str = "likelihood"

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """``Score:`` and the mean, one ask after the other."""
        return [scored(math.exp(self._mean(ask))) for ask in asks]

    def _mean(self, ask: Ask) -> float:
        codec = self.agent.codec
        prompt, said = codec.prompt(ask.view["question"]), codec.reply(ask.view["answer"])
        return float(_logprobs(self.agent, [*prompt, *said])[-len(said) :].mean())


@dataclass(frozen=True)
class PTrue:
    """P(true) (arXiv 2207.05221, section 3): the probability of yes over that of yes and no."""

    agent: LocalAgent
    name: str = "p_true"

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """``Score:`` and the probability."""
        return [scored(self._yes(ask)) for ask in asks]

    def _yes(self, ask: Ask) -> float:
        told = "\n".join(message.content for message in ask.view["question"])
        asked = (Message("user", f"{told}\nAnswer: {ask.view['answer']}\n\n{JUDGED}"),)
        prompt = self.agent.codec.prompt(asked)
        # The end of the turn counts the same for both.
        yes, no = (
            float(_logprobs(self.agent, [*prompt, *said])[-len(said) :].sum())
            for said in (self.agent.codec.reply(word) for word in ("yes", "no"))
        )
        return 1 / (1 + math.exp(min(50.0, no - yes)))


@dataclass(frozen=True)
class Relevance:
    """Cosine of the mean hidden states of question and answer, from -1..1 to 0..1: nearness, whatever is true."""

    agent: LocalAgent
    name: str = "relevance"

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """``Score:`` and the cosine."""
        return [scored(self._cosine(ask)) for ask in asks]

    def _cosine(self, ask: Ask) -> float:
        question = "\n".join(message.content for message in ask.view["question"])
        one, two = (_mean_state(self.agent, text) for text in (question, ask.view["answer"]))
        cosine = float(torch.nn.functional.cosine_similarity(one, two, dim=0))
        return min(1.0, max(0.0, (1 + cosine) / 2))


@dataclass(frozen=True)
class Entailment:
    """How likely an NLI model finds it that the answer follows from what was written down, or else from the question.

    Whether an entailed answer is true is another matter.

    Args:
        model: folder or hub id of a transformers sequence classifier that has a label ``entailment``.

    Raises:
        ValueError: if it has no such label.
        OSError: if there is no such model.
    """

    model: str
    name: str = "entailment"

    def __post_init__(self) -> None:
        _ = self._label

    @cached_property
    def _parts(self) -> tuple[Any, Any]:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        classifier: Any = AutoModelForSequenceClassification.from_pretrained(self.model)
        return classifier.eval(), AutoTokenizer.from_pretrained(self.model)

    @cached_property
    def _label(self) -> int:
        labels: dict[int, str] = self._parts[0].config.id2label
        found = [place for place, label in labels.items() if label.lower().startswith("entail")]
        if not found:
            raise ValueError(f"{self.model!r} is no NLI model: its labels are {sorted(labels.values())}")
        return found[0]

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """``Score:`` and the probability."""
        return [scored(self._entailed(ask)) for ask in asks]

    def _entailed(self, ask: Ask) -> float:
        classifier, tokenizer = self._parts
        premise = ask.view.get("knowledge") or "\n".join(message.content for message in ask.view["question"])
        pair = tokenizer(premise, ask.view["answer"], truncation=True, max_length=512, return_tensors="pt")
        # Some tokenizers give what their model does not take, and models of two segments need to be told of both.
        taken = {name: pair[name] for name in inspect.signature(classifier.forward).parameters if name in pair}
        with torch.no_grad():
            logits: Tensor = classifier(**taken).logits[0]
        return float(logits.float().softmax(-1)[self._label])


OF_MODELS: Final[Mapping[str, Callable[[LocalAgent, str], Agent]]] = {
    "likelihood": Likelihood,
    "p_true": PTrue,
    "relevance": Relevance,
    "agreement": lambda agent, name: Agreement(agent, name=name),
}
"""Scorers made of a language model and a name, by their kind."""


def _logprobs(agent: LocalAgent, tokens: Sequence[int]) -> Tensor:
    """Log-probability [T - 1] of every token but the first, as the agent's adapter has it."""
    ids = torch.tensor([list(tokens)], device=agent.model.device)
    with torch.no_grad(), merged(agent.model, agent.adapter):
        logits: Tensor = agent.model(input_ids=ids).logits[0, :-1].float()
    return logits.log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]


def _mean_state(agent: LocalAgent, text: str) -> Tensor:
    ids = agent.codec.reply(text)
    model: Any = agent.model
    with torch.no_grad(), merged(model, agent.adapter):
        given = torch.tensor([list(ids)], device=model.device)
        states: Tensor = model(input_ids=given, output_hidden_states=True).hidden_states[-1][0]
    return states.float().mean(0)
