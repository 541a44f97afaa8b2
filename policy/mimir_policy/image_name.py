"""Parses image references as the engines do."""

from __future__ import annotations

import re
from dataclasses import dataclass

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
HUB, OFFICIAL = "docker.io", "library"
"""Default registry and default namespace of an image reference."""

ALIASES = ("index.docker.io", "registry-1.docker.io")
"""Other host names of Docker Hub."""


@dataclass(frozen=True)
class ImageName:
    """An image reference. A bare digest names an image on the engine itself, and has no registry."""

    registry: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> ImageName:
        """Parse an image reference."""
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
        """Whether it has a digest, so that it always names the same image."""
        return DIGEST.fullmatch(self.digest) is not None

    @property
    def is_latest(self) -> bool:
        """Whether its tag is `latest`, by name or by default."""
        return not self.digest and self.tag in ("", "latest")

    def is_from(self, allowed: str) -> bool:
        """Whether it is from `allowed`: a registry, or one with a path prefix. Without a port, every port matches."""
        registry, _, path = allowed.strip("/").partition("/")
        host = self.registry if ":" in registry else self.registry.rpartition(":")[0] or self.registry
        return host == registry and (not path or f"{self.repository}/".startswith(f"{path}/"))
