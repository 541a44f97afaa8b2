"""What `ensure` settled on for a checkout, kept for `run` and `env`, which must be quick."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from toolchain.artefacts import Artefact
from toolchain.layout import Layout
from toolchain.problem import ENSURE, Problem


@dataclass
class State:
    """The artefact of each tool that is ours, and the variables of each service that is ours."""

    artefacts: dict[str, str | None] = field(default_factory=dict)
    services: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, layout: Layout) -> State:
        """The saved state; an empty one if there is none or it cannot be read."""
        try:
            saved = json.loads(layout.state.read_text())
            return cls(dict(saved["artefacts"]), dict(saved["services"]))
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
            what = (
                f"the cache has lost {', '.join(gone)}" if gone else "the tools were not made ready for this checkout"
            )
            raise Problem(what, ENSURE)
        return state

    def save(self, layout: Layout) -> None:
        layout.state.parent.mkdir(parents=True, exist_ok=True)
        temporary = layout.state.with_suffix(".new")
        temporary.write_text(json.dumps({"artefacts": self.artefacts, "services": self.services}, indent=1))
        temporary.replace(layout.state)

    def own(self) -> list[Artefact]:
        """The artefacts that belong on PATH."""
        return [Artefact(Path(folder)) for folder in self.artefacts.values() if folder]

    def service_variables(self) -> Mapping[str, str]:
        return {name: value for variables in self.services.values() for name, value in variables.items()}
