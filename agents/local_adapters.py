"""LoRA adapters: fresh ones, saved and loaded ones, and one folded into its model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file
from torch import Tensor

from selftaught.agents.local_models import Loaded


def with_lora(loaded: Loaded, *, rank: int = 16, alpha: int = 32, seed: int = 0) -> Loaded:
    """The model with a fresh LoRA adapter ``default`` on all its linear layers; its first outputs are unchanged.

    The adapter's random half is drawn under ``seed`` without touching the global generator.
    """
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", lora_dropout=0.0, task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: Any = get_peft_model(loaded.model, config)
    return replace(loaded, model=model)


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
    """
    source = folder / "adapter_model.safetensors"
    if not source.is_file():
        raise FileNotFoundError(f"no adapter in {folder}: {source.name} is missing")
    if name not in model.peft_config:
        # Rank and scale are the saved adapter's own; those of another would refuse its weights or change their effect.
        model.add_adapter(name, LoraConfig.from_pretrained(str(folder)))
        for key, parameter in model.named_parameters():
            if f".{name}." in key:
                parameter.requires_grad_(False)
    set_peft_model_state_dict(model, load_file(source), adapter_name=name)


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
