"""The tools of the supply chain (docs/supply-chain.md): what scans, describes, signs and carries an image."""

from __future__ import annotations

from dataclasses import replace

from toolchain import downloads, network, versions
from toolchain.gobuild import GoRecipe
from toolchain.pybuild import PythonRecipe
from toolchain.tool import pinned

SUPPLY = frozenset({"supply"})

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
    GoRecipe(
        module="govulncheck",
        package="golang.org/x/vuln/cmd/govulncheck",
        program="govulncheck",
        version=f"v{versions.GOVULNCHECK}",
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
    SUPPLY,
    "crane",
    GoRecipe(
        module="cosign",
        package="github.com/google/go-containerregistry/cmd/crane",
        program="crane",
        version=f"v{versions.CRANE}",
        version_variable="github.com/google/go-containerregistry/cmd/crane/cmd.Version",
    ),
)
COSIGN = replace(
    pinned(
        SUPPLY,
        "cosign",
        GoRecipe(
            module="cosign",
            package="github.com/sigstore/cosign/v3/cmd/cosign",
            program="cosign",
            version=f"v{versions.COSIGN}",
            version_variable="sigs.k8s.io/release-utils/version.gitVersion",
        ),
    ),
    # Minutes to build, seconds to download.
    download=downloads.COSIGN.download,
    downloaded=downloads.COSIGN.artefact,
    site=network.GITHUB,
)
SUPPLY_TOOLS = (BANDIT, DETECT_SECRETS, PIP_AUDIT, ZIZMOR, ACTIONLINT, GOVULNCHECK, CYCLONEDX, CRANE, COSIGN)
