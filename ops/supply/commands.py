"""The commands of the supply chain, by name, and the modules that do them."""

from __future__ import annotations

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "scan-source": "ops.supply.scan_source",
    "build": "ops.supply.build",
    "scan-image": "ops.supply.scan_image",
    "sbom": "ops.supply.sbom",
    "push": "ops.supply.push",
    "attest": "ops.supply.attest",
    "verify-image": "ops.supply.verify_image",
}
