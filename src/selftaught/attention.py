"""Who sees whom in a transformers model, for masks that are made here. Needs no torch: tensors come and go."""

from __future__ import annotations

from typing import Any, Final

HIDDEN: Final = -3e4
"""What is added to a score to hide it: less than any score, and a number in every precision."""


def windowed(config: Any) -> bool:
    """Whether some layers of a model see a window of the last tokens alone, which a mask of ours would widen."""
    window = getattr(config, "sliding_window", None)
    layers = getattr(config, "layer_types", None)
    slides = "sliding_attention" in layers if layers else getattr(config, "use_sliding_window", True)
    longest = getattr(config, "max_position_embeddings", None)
    return bool(window and slides) and (longest is None or window < longest)


def mask_of(model: Any, seen: Any) -> Any:
    """A tensor of truths as the model's attention wants it: the plain one adds its mask to the scores."""
    return (~seen).to(model.dtype) * HIDDEN if model.config._attn_implementation == "eager" else seen
