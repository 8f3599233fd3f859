"""Chat messages to tokens and back, by the tokenizer's own chat template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from selftaught.types import Message


class ChatCodec:
    """Implements ``selftaught.types.Codec`` for one tokenizer.

    Special tokens spelled out inside a message are defused first: text that another seat wrote can never end a turn or
    open another.

    A reply ends with the tokenizer's end token; ``ends`` are others that end it too, where the model says them.
    """

    def __init__(self, tokenizer: Any, *, ends: Iterable[int] = ()) -> None:
        self.tokenizer = tokenizer
        self.end_tokens: frozenset[int] = frozenset({int(tokenizer.eos_token_id), *ends})
        self._special = sorted(
            {token for token in tokenizer.all_special_tokens if token}
            | {
                str(token)
                for token in tokenizer.added_tokens_decoder.values()
                # Others are vocabulary, such as those of ``with_tokens``, unless the template builds turns of them.
                if token.special or str(token) in (tokenizer.chat_template or "")
            },
            key=len,
            reverse=True,
        )

    def text(self, messages: Sequence[Message]) -> str:
        """The whole prompt as the template writes it, up to the header of the next reply."""
        chat = [{"role": message.role, "content": self._defuse(message.content)} for message in messages]
        return str(self.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))

    def encode(self, text: str) -> list[int]:
        """Tokens of text in which special tokens count as such."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        """Text of tokens, without special ones unless asked for."""
        return str(
            self.tokenizer.decode(list(tokens), skip_special_tokens=not special, clean_up_tokenization_spaces=False)
        )

    def prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """See ``selftaught.types.Codec``."""
        return tuple(self.encode(self.text(messages)))

    def reply(self, text: str) -> tuple[int, ...]:
        """See ``selftaught.types.Codec``."""
        return (*self.encode(self._defuse(text)), int(self.tokenizer.eos_token_id))

    def _defuse(self, text: str) -> str:
        # Lone surrogates have no UTF-8 form, and the tokenizer raises on them.
        text = text.encode("utf-8", "replace").decode("utf-8")
        for token in self._special:
            if token in text:
                text = text.replace(token, f"{token[0]} {token[1:]}")
        return text
