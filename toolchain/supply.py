"""The tools of the supply chain (docs/supply-chain.md): what scans, describes, signs and carries an image."""

from __future__ import annotations

from dataclasses import replace

from toolchain import downloads, network, versions
from toolchain.debrecipe import DebianRecipe
from toolchain.gobuild import GoRecipe
from toolchain.pybuild import PythonRecipe
from toolchain.tool import pinned

SUPPLY = frozenset({"supply"})
SIGNATURE = frozenset({"signature"})
"""What verifies an image that is deployed by its digest."""

BANDIT = pinned(SUPPLY, "bandit", PythonRecipe("bandit", "bandit", versions.BANDIT, main="bandit"))
DETECT_SECRETS = pinned(
    SUPPLY,
    "detect-secrets",
    PythonRecipe("detect-secrets", "detect-secrets", versions.DETECT_SECRETS, main="detect_secrets"),
)
PIP_AUDIT = pinned(SUPPLY, "pip-audit", PythonRecipe("pip-audit", "pip-audit", versions.PIP_AUDIT, main="pip_audit"))
ZIZMOR = pinned(SUPPLY, "zizmor", PythonRecipe("zizmor", "zizmor", versions.ZIZMOR))
ACTIONLINT = pinned(
    SUPPLY,
    "actionlint",
    GoRecipe(
        module="actionlint",
        package="github.com/rhysd/actionlint/cmd/actionlint",
        program="actionlint",
        version=f"v{versions.ACTIONLINT}",
    ),
)
GOVULNCHECK = pinned(
    SUPPLY,
    "govulncheck",
    DebianRecipe(
        "govulncheck",
        "govulncheck",
        versions.GOVULNCHECK,
        f"golang.org/x/vuln/cmd/govulncheck@v{versions.GOVULNCHECK_MODULE}",
    ),
)
CYCLONEDX = pinned(
    SUPPLY,
    "cyclonedx-gomod",
    GoRecipe(
        module="cyclonedx-gomod",
        package="github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod",
        program="cyclonedx-gomod",
        version=f"v{versions.CYCLONEDX}",
    ),
)
CRANE = pinned(
    SUPPLY | SIGNATURE,
    "crane",
    DebianRecipe(
        "crane",
        "crane",
        versions.CRANE,
        f"github.com/google/go-containerregistry/cmd/crane@v{versions.CRANE_MODULE}",
    ),
)
COSIGN = replace(
    pinned(
        SUPPLY | SIGNATURE,
        "cosign",
        DebianRecipe(
            "cosign", "cosign", versions.COSIGN_PACKAGE, f"github.com/sigstore/cosign/v3/cmd/cosign@v{versions.COSIGN}"
        ),
    ),
    # Where GitHub answers, the release; it is signed by its vendor, and the same on every system.
    download=downloads.COSIGN.download,
    downloaded=downloads.COSIGN.artefact,
    site=network.GITHUB,
)
SUPPLY_TOOLS = (BANDIT, DETECT_SECRETS, PIP_AUDIT, ZIZMOR, ACTIONLINT, GOVULNCHECK, CYCLONEDX, CRANE, COSIGN)
