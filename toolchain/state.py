"""What `ensure` settled on for a checkout, kept for `run` and `env`, which must be quick."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from toolchain.artefacts import Artefact
from toolchain.layout import Layout
from toolchain.problem import ENSURE, Problem


@dataclass
class State:
    """The artefact of each tool that is ours, and the variables of each service that is ours, for one checkout."""

    artefacts: dict[str, str | None] = field(default_factory=dict)
    services: dict[str, dict[str, str]] = field(default_factory=dict)
    project: str = field(default="", compare=False)
    """The checkout, once saved; empty in a file of an older toolchain."""

    @classmethod
    def load(cls, layout: Layout) -> State:
        """The saved state of the checkout; an empty one if there is none or it cannot be read."""
        return cls.read(layout.state)

    @classmethod
    def read(cls, file: Path) -> State:
        """The state saved in `file`; an empty one if there is none or it cannot be read."""
        try:
            saved = json.loads(file.read_text())
            return cls(dict(saved["artefacts"]), dict(saved["services"]), str(saved.get("project", "")))
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    @classmethod
    def load_settled(cls, layout: Layout) -> State:
        """The saved state.

        Raises:
            Problem: `ensure` has not been run, or what it made is gone.
        """
        state = cls.load(layout)
        gone = [name for name, folder in state.artefacts.items() if folder and not Path(folder).is_dir()]
        if gone or not (state.artefacts or state.services):
            message = (
                f"the cache has lost {', '.join(gone)}" if gone else "the tools were not made ready for this checkout"
            )
            raise Problem(message, ENSURE)
        return state

    def save(self, layout: Layout) -> None:
        layout.state.parent.mkdir(parents=True, exist_ok=True)
        temporary = layout.state.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(self) | {"project": str(layout.project)}, indent=1))
        temporary.replace(layout.state)

    def own(self) -> list[Artefact]:
        """The artefacts that belong on PATH."""
        return [Artefact(Path(folder)) for folder in self.artefacts.values() if folder]

    def service_variables(self) -> Mapping[str, str]:
        return {name: value for variables in self.services.values() for name, value in variables.items()}
