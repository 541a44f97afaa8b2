"""The commands of the supply chain, by name, and the modules that do them."""

from __future__ import annotations

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "scan-source": "ops.supply.commands.scan_source",
    "build": "ops.supply.commands.build",
    "scan-image": "ops.supply.commands.scan_image",
    "sbom": "ops.supply.commands.sbom",
    "push": "ops.supply.commands.push",
    "attest": "ops.supply.commands.attest",
    "verify-image": "ops.supply.commands.verify_image",
}
