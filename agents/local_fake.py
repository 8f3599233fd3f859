"""A byte tokenizer and a tiny random model: real transformers objects, small enough for every fast test."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from selftaught.agents.local_models import CHATML, Loaded

SPECIALS = ("<|im_start|>", "<|im_end|>", "<|pad|>")


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer whose token ``b`` is byte ``b``; 256, 257 and 258 are ``<|im_start|>``, ``<|im_end|>``, ``<|pad|>``.

    Its roles are SmolLM2's (``<|im_end|>`` ends a turn; text that spells a special token becomes that token) and so is
    its chat template. Decoding restores any text; pass text with lone surrogates through `local_models.encodable`
    first, as for every tokenizer. Bytes that are no UTF-8, which a random model samples, decode to U+FFFD.
    """
    vocabulary = {symbol: byte for byte, symbol in enumerate(_byte_symbols())}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(list(SPECIALS))
    start, end, pad = SPECIALS
    kind: Any = PreTrainedTokenizerFast
    tokenizer: PreTrainedTokenizerFast = kind(
        tokenizer_object=backend,
        bos_token=start,
        eos_token=end,
        pad_token=pad,
        chat_template=CHATML,
        clean_up_tokenization_spaces=False,
    )
    return tokenizer


def tiny_model(
    seed: int = 0, *, hidden: int = 32, layers: int = 2, heads: int = 4, positions: int = 4096
) -> PreTrainedModel:
    """A random Llama over `byte_tokenizer`'s 259 tokens, a function of its arguments alone, in evaluation mode.

    The default has about 27 thousand parameters, tied word embeddings and grouped keys, as SmolLM2 has. ``hidden``, the
    width, must be a multiple of twice ``heads``; ``heads`` must be even.

    Raises:
        ValueError: if ``hidden`` and ``heads`` do not fit.
    """
    if heads % 2 or hidden % (2 * heads):
        raise ValueError(f"heads must be even and hidden a multiple of 2 * heads, got hidden {hidden}, heads {heads}")
    start, end, pad = range(256, 259)
    config = LlamaConfig(
        vocab_size=256 + len(SPECIALS),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads // 2,
        max_position_embeddings=positions,
        # Five times the usual: distributions differ enough from uniform for tests to see a policy in them.
        initializer_range=0.1,
        bos_token_id=start,
        eos_token_id=end,
        pad_token_id=pad,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: PreTrainedModel = LlamaForCausalLM(config)
    model.train(False)
    return model


def fake(seed: int = 0) -> Loaded:
    """`tiny_model` with `byte_tokenizer`, in the place of `local_models.load`."""
    return Loaded(tiny_model(seed), byte_tokenizer(), f"fake-{seed}")


def _byte_symbols() -> list[str]:
    """The printable character that the byte-level scheme writes for each byte (GPT-2's ``bytes_to_unicode``)."""
    printable = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    stand_ins = iter(range(256, 512))
    return [chr(byte if byte in printable else next(stand_ins)) for byte in range(256)]
