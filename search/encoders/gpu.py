"""Whether there is a GPU to encode with, and how much goes to a device at once.

Asking torch takes seconds, so it is asked only where a driver is installed.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DRIVER = Path("/dev/nvidiactl")
_DRIVERS_TOOL = "nvidia-smi"

#: Most pieces in a batch on the processor: enough to keep all cores at work, …
CPU_TOKENS = 4096
#: … and on a GPU, past which it is no faster.
GPU_TOKENS = 131_072
#: Part of a GPU's free memory that a batch may take.
_SHARE = 0.5
#: What a piece takes while it passes through a layer, in numbers for each dimension: the layer's
#: input and output, query, key, value, the four times wider middle of the layer, and as much again.
_NUMBERS = 32
_BYTES = 2


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a model runs and in what precision.

    Attributes:
        device: As torch calls it; None leaves the choice to sentence-transformers.
        precision: "bfloat16", "float16" or "float32".
        memory: Bytes that a batch may take; None on the processor.
    """

    device: str | None = None
    precision: str = "float32"
    memory: int | None = None

    def tokens(self, width: int) -> int:
        """Most pieces in a batch, those that fill up shorter texts included.

        Args:
            width: Length of the vectors that stand for pieces inside the model, or nearly so.
        """
        if self.memory is None:
            return CPU_TOKENS
        fitting = self.memory // (_NUMBERS * _BYTES * max(1, width))
        return max(1, min(GPU_TOKENS, fitting))


def has_gpu() -> bool:
    """Whether torch can compute on a GPU of NVIDIA's."""
    if not _DRIVER.exists() and shutil.which(_DRIVERS_TOOL) is None:
        return False
    import torch

    return torch.cuda.is_available()


def placement(cuda: Any = None) -> Placement:
    """Where a model is best run: on the GPU in half precision, or else on the processor.

    bfloat16 where the GPU has it, because numbers too large for float16 occur in some models.

    Args:
        cuda: What knows the GPU, as `torch.cuda` does; that itself by default.
    """
    if cuda is None:
        import torch

        cuda = torch.cuda
    if not cuda.is_available():
        return Placement()
    precision = "bfloat16" if cuda.is_bf16_supported() else "float16"
    free, _ = cuda.mem_get_info()
    return Placement("cuda", precision, int(free * _SHARE))
