"""Products with a weight that stays as it is: laid out once as the processor's kernels like it best."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import torch
from torch import Tensor
from torch.nn import functional

Product = Callable[[Tensor], Tensor]
"""``x`` [N, D] -> ``x @ weight.T`` [N, M]."""


def product(weight: Tensor) -> Product:
    """The product with a ``weight`` [M, D], of which it may make a copy.

    On a processor ``functional.linear`` calls a kernel that lays the weight out anew in every call, which for the few
    rows of a sampling step takes as long as the product. oneDNN multiplies with a weight laid out beforehand, as
    ``torch.compile`` has it do for frozen models: 1.5 times as fast at 64 rows, 2.5 times at 16 (docs/log.md).
    """
    if weight.device.type == "cpu" and weight.dtype == torch.float32 and _lays_out():
        return partial(_multiply, _laid_out(weight))
    return partial(functional.linear, weight=weight)


def _laid_out(weight: Tensor) -> Tensor:
    """The weight as an opaque oneDNN tensor."""
    laid: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), None)
    return laid


def _multiply(laid: Tensor, x: Tensor) -> Tensor:
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, laid, None, "none", [], "")
    return y


@cache
def _lays_out() -> bool:
    """Whether this build of torch has the two operators, which are not public, and they do what they should here."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    x, weight = torch.arange(24.0).view(3, 8) % 7, torch.arange(40.0).view(5, 8) % 11
    try:
        return bool((_multiply(_laid_out(weight), x) == x @ weight.T).all())
    except (AttributeError, RuntimeError):
        return False
