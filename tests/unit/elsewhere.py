"""A second device that is not there: tensors say that they are on it, and refuse to meet others, as on a real one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

DEVICE = torch.device("cuda", 0)
DEVICE_OF, GRADIENT_OF = (inspect.getattr_static(Tensor, name).__get__ for name in ("device", "grad"))
MEETS = {"to", "cpu", "tolist", "item", "copy_", "__get__", "__set__", "__float__", "__bool__", "__repr__"}
"""What takes tensors of two devices, or asks a tensor about itself."""


class Elsewhere(Tensor):
    """A tensor of the second device; its numbers are an ordinary tensor's."""

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if func == DEVICE_OF:
            return DEVICE
        if func is Tensor.cpu or (func is Tensor.to and _wanted(func, args, given) == "cpu"):
            with torch._C.DisableTorchFunctionSubclass():
                return args[0].as_subclass(Tensor)
        if func is Tensor.to:
            args, given = _without_device(args, given)
            if len(args) == 1 and not given:
                return args[0]
        if func.__name__ not in MEETS:
            for tensor in _tensors((args, given)):
                if not isinstance(tensor, Elsewhere) and tensor.dim():
                    raise RuntimeError(f"{func.__name__}: expected all tensors to be on the same device")
        found: Any = super().__torch_function__(func, types, args, given)  # type: ignore[no-untyped-call]
        # A gradient is the one tensor that torch leaves as it is.
        return found.as_subclass(cls) if func == GRADIENT_OF and found is not None else found


class Machine(TorchFunctionMode):
    """While it is entered, tensors can be made on the second device and be moved to it."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if _wanted(func, args, given) == "cuda" and not any(
            isinstance(one, Elsewhere) for one in _tensors((args, given))
        ):
            if func is Tensor.to:
                args, given = _without_device(args, given)
                moved = func(*args, **given) if len(args) > 1 or given else args[0].clone()
                return moved.as_subclass(Elsewhere)
            learned = given.pop("requires_grad", False)
            return func(*args, **{**given, "device": "cpu"}).as_subclass(Elsewhere).requires_grad_(learned)
        return func(*args, **given)


def moved(model: nn.Module) -> nn.Module:
    """The model, its parameters and buffers on the second device."""
    tied: dict[nn.Parameter, nn.Parameter] = {}
    for module in model.modules():
        for name, one in module._parameters.items():
            if one is not None:
                there = nn.Parameter(one.detach().as_subclass(Elsewhere), requires_grad=one.requires_grad)
                module._parameters[name] = tied.setdefault(one, there)
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = buffer.as_subclass(Elsewhere)
    return model


def _wanted(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """The type of the device that a call names."""
    named = [kwargs.get("device"), *(args[1:] if func is Tensor.to else ())]
    return next((torch.device(one).type for one in named if isinstance(one, (str, torch.device))), None)


def _without_device(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    kept = tuple(one for one in args if not isinstance(one, (str, torch.device)))
    return kept, {name: value for name, value in kwargs.items() if name != "device"}


def _tensors(values: Any) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, Mapping):
        yield from _tensors(list(values.values()))
    elif isinstance(values, (tuple, list)):
        for value in values:
            yield from _tensors(value)
