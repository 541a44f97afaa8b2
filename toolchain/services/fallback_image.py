"""Images of the hub, and what stands in for them on machines on which the hub does not answer.

A stand-in is made of what the machine has, and pushed under the hub's own name to the registry on loopback: our
builder, our engine and the test cluster look there first for the hub's images.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.machine import architecture
from toolchain.problem import ENSURE, Problem
from toolchain.progress import Progress
from toolchain.report import Row, Source
from toolchain.services import registry
from toolchain.services.builder import ImageBuilder
from toolchain.services.layers import LayerWriter, make
from toolchain.services.push import Repository
from toolchain.services.question import Question, manifest

KEY_LABEL = "mimir.toolchain.key"


@dataclass(frozen=True)
class Contents:
    """What a stand-in is made of."""

    key: str
    """Changes with everything that is in it."""
    version: str
    """Of the program that the image is used for."""
    layers: Mapping[str, Callable[[LayerWriter], None]]
    config: Mapping[str, Any]
    """What the OCI calls an image's `config`, without labels."""


@dataclass(frozen=True)
class ImageSpec:
    """An image of the hub, and how it is stood in for."""

    name: str
    """What the table calls it."""
    reference: str
    """The hub's: repository and tag."""
    puller: str
    """What pulls it where the hub answers."""
    made_of: str
    program: str
    """What the image is used for; its version is in the label `mimir.toolchain.PROGRAM`."""

    @property
    def version_label(self) -> str:
        return f"mimir.toolchain.{self.program.lower()}"


@dataclass(frozen=True)
class HubImage:
    """The hub's own image where the hub answers, else the stand-in."""

    wanted: ImageSpec
    builder: ImageBuilder
    progress: Progress
    contents: Callable[[], Contents]
    """Called only where a stand-in is needed. May raise Problem."""

    @property
    def name(self) -> str:
        return self.wanted.name

    def look(self) -> Row:
        reference = self.wanted.reference
        if not self.builder.look().ok:
            return Row(self.name, "", Source.NONE, "there is no builder to use it", ENSURE)
        if not self.builder.is_ours():
            return Row(self.name, reference, Source.INSTALLED, f"pulled by {self.wanted.puller} from the image hub")
        try:
            labels = self._repository.labels(self._tag)
        except OSError as error:
            return Row(self.name, "", Source.NONE, f"{error}", ENSURE)
        if KEY_LABEL not in labels:
            return Row(self.name, "", Source.NONE, f"{registry.ADDRESS} has no {reference}", ENSURE)
        return Row(self.name, labels.get(self.wanted.version_label, ""), Source.CACHED, self._remark)

    def ensure(self) -> Row:
        row = self.look()
        if not self.builder.is_ours():
            return row
        contents = self.contents()
        if row.ok and self._repository.labels(self._tag)[KEY_LABEL] == contents.key:
            return row
        with self.progress.step(f"making {self.wanted.reference}"), tempfile.TemporaryDirectory() as folder:
            layers = [make(Path(folder) / name, fill) for name, fill in contents.layers.items()]
            try:
                self._repository.push(self._tag, _config(self.wanted, contents), layers)
            except OSError as error:
                raise Problem(f"{error}", "python3 -m toolchain stop, then " + ENSURE) from error
        return Row(self.name, contents.version, Source.BUILT, self._remark)

    def environment(self) -> Mapping[str, str]:
        return {}

    def questions(self) -> Sequence[Question] | None:
        if not self.builder.is_ours():
            return []
        stored = manifest(registry.ADDRESS, self.wanted.reference)
        return [stored] if stored else None

    def stop(self) -> list[str]:
        return []

    @property
    def _remark(self) -> str:
        return f"STAND-IN for {self.wanted.reference}: {self.wanted.made_of}"

    @property
    def _repository(self) -> Repository:
        return Repository(registry.ADDRESS, self.wanted.reference.partition(":")[0])

    @property
    def _tag(self) -> str:
        return self.wanted.reference.partition(":")[2]


def key(recipe: str, parts: Iterable[bytes]) -> str:
    """A hash of an image's inputs and of this machine's architecture.

    Args:
        recipe: identifies the code that makes the image, and versions that the parts do not show.
        parts: content of the input files.
    """
    digest = hashlib.sha256(f"{recipe} {architecture()}".encode())
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _config(wanted: ImageSpec, contents: Contents) -> dict[str, Any]:
    what = f"busybox and {wanted.program} {contents.version} of the machine that made it"
    labels = {
        "org.opencontainers.image.title": f"STAND-IN for {wanted.reference}",
        "org.opencontainers.image.description": f"Not the official image: {what}. Never publish it.",
        "mimir.toolchain.stand-in": "true",
        wanted.version_label: contents.version,
        KEY_LABEL: contents.key,
    }
    return {
        "architecture": architecture(),
        "os": "linux",
        "config": {**contents.config, "Labels": labels},
        "history": [{"created_by": f"mimir toolchain: {name}"} for name in contents.layers],
    }
