"""LoRA adapters: fresh ones, saved and loaded ones, and one folded into its model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file
from torch import Tensor

from selftaught.agents.local_models import Loaded

SCALES = ("r", "lora_alpha", "use_rslora", "use_dora", "rank_pattern", "alpha_pattern")
"""Settings of an adapter that its weights do not hold and their effect depends on."""


def with_lora(loaded: Loaded, *, rank: int = 16, alpha: int = 32, seed: int = 0) -> Loaded:
    """The model with a fresh LoRA adapter ``default`` on all its linear layers; its first outputs are unchanged.

    The adapter's random half is drawn under ``seed`` without touching the global generator.
    """
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", lora_dropout=0.0, task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]), catch_warnings():
        simplefilter("ignore", FutureWarning)  # of transformers, at what peft asks it
        torch.manual_seed(seed)
        model: Any = get_peft_model(loaded.model, config)
    return replace(loaded, model=model)


def with_tokens(loaded: Loaded, tokens: Mapping[str, str]) -> Loaded:
    """The model and its tokenizer, both changed in place, with new tokens that begin as what their texts mean.

    ``tokens`` maps each to a text; the new embedding is the mean of those of the text's tokens. Before ``with_lora``,
    whose adapter learns what to make of them; saved adapters need the same call before they are loaded.

    Raises:
        ValueError: if there is an adapter already, or a token is known.
    """
    tokenizer: Any = loaded.tokenizer
    model: Any = loaded.model
    if isinstance(model, PeftModel):
        raise ValueError("new tokens come before the adapter: with_lora(with_tokens(load(...), tokens))")
    if known := sorted(tokens.keys() & tokenizer.get_vocab().keys()):
        raise ValueError(f"tokens {known} are known to the tokenizer of {loaded.name!r}")
    pieces = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in tokens.values()]
    tokenizer.add_tokens(list(tokens))
    model.resize_token_embeddings(max(len(tokenizer), model.config.vocab_size), mean_resizing=False)
    with torch.no_grad():
        weights: list[Any] = [model.get_input_embeddings().weight]
        if model.get_output_embeddings().weight is not weights[0]:
            weights.append(model.get_output_embeddings().weight)
        for weight in weights:
            for token, ids in zip(tokens, pieces, strict=True):
                weight[tokenizer.convert_tokens_to_ids(token)] = weight[ids].mean(0)
    return loaded


@contextmanager
def restored(model: Any) -> Iterator[None]:
    """Put the trained weights back as they were before the block, however it ends."""
    kept = [(weight, weight.detach().clone()) for weight in model.parameters() if weight.requires_grad]
    try:
        yield
    finally:
        with torch.no_grad():
            for weight, before in kept:
                weight.copy_(before)


def save_adapter(model: PeftModel, folder: Path, *, name: str) -> None:
    """Write one adapter's weights and settings into ``folder``, in peft's own format."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {key: value.contiguous() for key, value in get_peft_model_state_dict(model, adapter_name=name).items()}
    save_file(weights, folder / "adapter_model.safetensors")
    model.peft_config[name].save_pretrained(str(folder))


def load_adapter(model: PeftModel, folder: Path, *, name: str) -> None:
    """Read an adapter from ``folder`` under ``name``; one of that name is overwritten, a new one is added untrained.

    Raises:
        FileNotFoundError: if ``folder`` holds no adapter.
        ValueError: if it is of another model, or the one of that name has other settings.
    """
    source = folder / "adapter_model.safetensors"
    if not source.is_file():
        raise FileNotFoundError(f"no adapter in {folder}: {source.name} is missing")
    saved, weights = LoraConfig.from_pretrained(str(folder)), load_file(source)
    added = name not in model.peft_config
    if added:
        # Rank and scale are the saved adapter's own; those of another would refuse its weights or change their effect.
        _add_untrained(model, name, saved)
    known: Any = model.peft_config[name]
    for setting in SCALES:
        if getattr(saved, setting) != getattr(known, setting):
            told = f"{setting} {getattr(saved, setting)}, and {name!r} has {getattr(known, setting)}"
            raise ValueError(f"the adapter in {folder} has {told}: load it under another name")
    own = get_peft_model_state_dict(model, adapter_name=name)
    if {key: value.shape for key, value in weights.items()} != {key: value.shape for key, value in own.items()}:
        if added:
            model.delete_adapter(name)
        raise ValueError(f"the adapter in {folder} is of another model: its weights are not those of {name!r} here")
    set_peft_model_state_dict(model, weights, adapter_name=name)


def check_adapter(model: Any, name: str) -> None:
    """See that an adapter can be sampled from.

    Raises:
        ValueError: if there is none of that name, or it is of a kind that folding into the weights leaves out.
    """
    known = getattr(model, "peft_config", {})
    if name not in known:
        raise ValueError(f"no adapter {name!r}: the model has {', '.join(known) or 'none'}")
    embeds = any(name in layer.lora_embedding_A for layer in model.modules() if isinstance(layer, LoraLayer))
    if known[name].use_dora or embeds:
        raise ValueError(f"adapter {name!r} has DoRA or trained embeddings, which sampling here would leave out")


def copy_adapter(model: PeftModel, *, name: str, to: str) -> None:
    """Keep an adapter as it is now, untrained, under the name ``to``; one of that name is overwritten."""
    if to not in model.peft_config:
        _add_untrained(model, to, model.peft_config[name])
    weights = {key: value.clone() for key, value in get_peft_model_state_dict(model, adapter_name=name).items()}
    set_peft_model_state_dict(model, weights, adapter_name=to)


def _add_untrained(model: PeftModel, name: str, config: Any) -> None:
    # In inference mode, peft freezes every parameter in whose name the adapter's occurs anywhere.
    model.add_adapter(name, replace(config, inference_mode=False))
    for key, parameter in model.named_parameters():
        if f".{name}." in key:
            parameter.requires_grad_(False)


@contextmanager
def merged(model: Any, adapter: str | None) -> Iterator[None]:
    """Within, the model computes with the adapter folded into its weights; afterwards they are the very same as before.

    peft's own merge and unmerge add and subtract, and drift by rounding. None folds nothing: the bare base model.
    """
    kept: list[tuple[Any, Tensor]] = []
    training = model.training
    model.eval()
    with torch.no_grad(), model.disable_adapter() if hasattr(model, "disable_adapter") else nullcontext():
        try:
            layers: list[Any] = [layer for layer in model.modules() if isinstance(layer, LoraLayer)]
            for layer in layers:
                if adapter is not None and adapter in layer.lora_A:
                    weight = layer.get_base_layer().weight
                    kept.append((weight, weight.data))
                    weight.data = weight.data + layer.get_delta_weight(adapter)
            yield
        finally:
            for weight, data in kept:
                weight.data = data
            model.train(training)
