"""What a tool is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from toolchain import network
from toolchain.artefacts import Artefact
from toolchain.debrecipe import DebianRecipe
from toolchain.gobuild import GoRecipe
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.pybuild import PythonRecipe

Recipe = GoRecipe | PythonRecipe | DebianRecipe

PLUGIN = "pulumi-resource-"
"""How the programs of resource plugins are named."""


@dataclass(frozen=True)
class Tool:
    """A tool, in the order of preference in which it is had: `installed`, `download`, `recipe`.

    `installed` gives the version found that fits, or an empty string. `download` raises Problem; its artefact,
    where it has one, is at `downloaded`. `stand_in` says what a build is if it is not the genuine thing.
    """

    name: str
    groups: frozenset[str]
    version: str
    installed: Callable[[Machine], str]
    recipe: Recipe
    download: Callable[[Machine], None] | None = None
    downloaded: Callable[[Layout], Artefact | None] = lambda _: None
    site: str = network.PULUMI_SITE
    stand_in: str = ""

    @property
    def plugin(self) -> str:
        """The name of the resource plugin that this is; empty when it is none."""
        return self.recipe.program.removeprefix(PLUGIN) if self.recipe.program.startswith(PLUGIN) else ""


def pinned(groups: frozenset[str], name: str, recipe: Recipe) -> Tool:
    """A third-party checker in exactly this version.

    An installed one is never used: findings must be the same everywhere.

    Args:
        groups: the groups that it is part of.
        name: its name in the table.
        recipe: how it is built or downloaded.
    """
    return Tool(name, groups, recipe.version.removeprefix("v"), installed=lambda _: "", recipe=recipe)
