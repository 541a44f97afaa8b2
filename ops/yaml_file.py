"""Reads the project's YAML files: with libyaml, where PyYAML was built with it, in a tenth of the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(file: Path) -> dict[str, Any]:
    """What a file with a mapping says; nothing where it is empty.

    Raises:
        OSError: when it cannot be read.
        yaml.YAMLError: when it is no YAML.
    """
    return dict(yaml.load(file.read_text(), Loader=LOADER) or {})
