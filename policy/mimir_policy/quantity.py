"""Amounts as the platforms write them."""

from __future__ import annotations

import re
from typing import Any

SUFFIXES = {
    **{"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0},
    **{suffix: 1000.0**power for power, suffix in enumerate("kMGTPE", 1)},
    **{f"{suffix}i": 1024.0**power for power, suffix in enumerate("KMGTPE", 1)},
}
"""Suffixes of Kubernetes' quantities (apimachinery, resource.Quantity)."""

QUANTITY = re.compile(r"\+?(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|([a-zA-Z]*))")


def amount(value: Any) -> float | None:
    """A number, or a quantity such as `100m` or `64Mi`, in units; None where it is no amount, or not above zero."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if value > 0 else None
    parts = QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if not parts or parts.group(3) not in (None, *SUFFIXES):
        return None
    number = float(parts.group(1) + (parts.group(2) or "")) * SUFFIXES[parts.group(3) or ""]
    return number if number > 0 else None
