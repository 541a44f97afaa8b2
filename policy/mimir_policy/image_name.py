"""The name of an image, taken apart as the engines do it."""

from __future__ import annotations

import re
from dataclasses import dataclass

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
HUB, OFFICIAL = "docker.io", "library"
"""Where a name without a registry is looked for, and in which folder one without a folder is."""

ALIASES = ("index.docker.io", "registry-1.docker.io")
"""Other names of the hub."""


@dataclass(frozen=True)
class ImageName:
    """An image's name. A bare digest stands for an image that an engine has already, and has no registry."""

    registry: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def of(cls, text: str) -> ImageName:
        """The name, taken apart."""
        if DIGEST.fullmatch(text):
            return cls("", "", "", text)
        name, _, digest = text.partition("@")
        first, slash, rest = name.partition("/")
        has_registry = bool(slash) and ("." in first or ":" in first or first == "localhost")
        registry, path = (first, rest) if has_registry else (HUB, name)
        repository, _, tag = path.partition(":")
        if registry in ALIASES:
            registry = HUB
        if registry == HUB and "/" not in repository:
            repository = f"{OFFICIAL}/{repository}"
        return cls(registry, repository, tag, digest)

    @property
    def is_pinned(self) -> bool:
        """Whether the name can only ever stand for one image."""
        return DIGEST.fullmatch(self.digest) is not None

    @property
    def is_latest(self) -> bool:
        """Whether it stands for whatever is the newest."""
        return not self.digest and self.tag in ("", "latest")

    def is_from(self, allowed: str) -> bool:
        """Whether it is from `allowed`: a registry, or one and the beginning of a path; without a port any is meant."""
        registry, _, path = allowed.strip("/").partition("/")
        host = self.registry if ":" in registry else self.registry.rpartition(":")[0] or self.registry
        return host == registry and (not path or f"{self.repository}/".startswith(f"{path}/"))
