"""A model from nothing: its template, what is trained, and that it learns and resumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from selftaught.agents.local_codec import ChatCodec
from selftaught.algorithms.pretrain import Pretrained, Pretraining, _examples, pretrain, train_tokenizer
from selftaught.types import Message

CHATS = [
    (Message("system", "Count."), Message("user", f"After {n}?"), Message("assistant", f"It is {n + 1}."))
    for n in range(60)
]
TINY = Pretraining(vocabulary=300, hidden=32, layers=2, heads=2, feed_forward=64, batch_tokens=256)


def weights(found: Pretrained) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in found.model.parameters()])


def test_examples_are_what_the_template_writes_and_train_replies_only() -> None:
    chat = [*CHATS[3], Message("user", "Sure?"), Message("assistant", "Yes, <|end|> is no end.")]
    tokenizer = train_tokenizer((message.content for message in chat), vocabulary=300)
    codec = ChatCodec(tokenizer)
    [example] = _examples([[*chat[:4], Message("assistant", "Yes.")]], tokenizer)
    assert example.tokens == (*codec.prompt(chat[:4]), *codec.reply("Yes."))
    said = [codec.decode(example.tokens[span.start : span.stop], special=True) for span in example.spans]
    assert said == ["It is 4.<|end|>", "Yes.<|end|>"]
    assert _examples([chat[:2]], tokenizer) == []


def test_an_interrupted_training_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(done: int, total: int, loss: float) -> None:
        assert total > 7
        if done == 7:
            raise Interrupted

    whole = pretrain(CHATS * 4, config=TINY, workspace=tmp_path / "whole")
    with pytest.raises(Interrupted):
        pretrain(CHATS * 4, config=TINY, workspace=tmp_path / "cut", every=3, progress=interrupt)
    seen: list[int] = []
    resumed = pretrain(
        CHATS * 4,
        config=TINY,
        workspace=tmp_path / "cut",
        every=3,
        progress=lambda done, total, loss: seen.append(done),
    )
    assert seen[:2] == [6, 7]
    assert torch.equal(weights(resumed), weights(whole)) and resumed.loss == whole.loss
    with pytest.raises(ValueError, match="another model"):
        pretrain(CHATS[1:], config=TINY, workspace=tmp_path / "cut")


def test_it_learns_what_the_replies_say(tmp_path: Path) -> None:
    losses: list[float] = []
    pretrain(CHATS * 30, config=TINY, workspace=tmp_path, progress=lambda done, total, loss: losses.append(loss))
    assert np.mean(losses[-5:]) < 0.3 * np.mean(losses[:5])
