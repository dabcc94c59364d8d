"""How a figure grows with the size of what it is measured of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def exponent(sizes: Sequence[int], values: Sequence[Any]) -> float | str:
    """The power of the size that a figure grows like.

    Args:
        sizes: Of what was measured.
        values: The figure at each; what is no number or not above 0 is left out.

    Returns:
        The slope of the least squares' line through the logarithms of both; "" if fewer than two
        sizes are left.
    """
    known = [
        (size, value)
        for size, value in zip(sizes, values, strict=True)
        if isinstance(value, int | float) and value > 0
    ]
    if len({size for size, _ in known}) < 2:
        return ""
    slope = np.polyfit(*np.log(np.array(known, dtype=float)).T, 1)[0]
    return round(float(slope), 2)
