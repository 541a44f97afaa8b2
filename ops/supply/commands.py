"""The commands of the supply chain, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from ops.supply import attest, build, push, sbom, scan_image, scan_source, verify_image

COMMANDS: Mapping[str, ModuleType] = {
    "scan-source": scan_source,
    "build": build,
    "scan-image": scan_image,
    "sbom": sbom,
    "push": push,
    "attest": attest,
    "verify-image": verify_image,
}
