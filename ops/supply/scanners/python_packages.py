"""pip-audit: published vulnerabilities of what is installed from requirements*.txt, and of what that brings along."""

from __future__ import annotations

import sysconfig

from ops.supply.scanners.finding import Finding
from ops.supply.tool import CannotWork, answer

FOUND = 1
WHAT_TO_DO = (
    "Let this machine reach PyPI's JSON interface, or OSV (PIP_AUDIT_VULNERABILITY_SERVICE=osv, and "
    "PIP_AUDIT_OSV_URL for a mirror); to go on without: --waive pip-audit"
)


def scan() -> list[Finding]:
    """The vulnerabilities of each installed package.

    Raises:
        CannotWork: the advisories of a package cannot be had. pip-audit itself would only mention that, and pass.
    """
    command = ["pip-audit", "--path", sysconfig.get_path("purelib"), "--format=json", "--progress-spinner=off"]
    try:
        packages = answer(command, dict, accepted=(0, FOUND))["dependencies"]
    except CannotWork as error:
        raise CannotWork(f"{error}. {WHAT_TO_DO}") from error
    if without := [package["name"] for package in packages if "skip_reason" in package]:
        raise CannotWork(
            f"pip-audit has no advisories for {len(without)} of {len(packages)} installed packages "
            f"({', '.join(sorted(without)[:5])} …). {WHAT_TO_DO}"
        )
    return [
        Finding(
            "pip-audit",
            vulnerability["id"],
            f"{package['name']} {package['version']}",
            " ".join(vulnerability["description"].split())[:200],
            f"upgrade to {' or '.join(vulnerability['fix_versions'])}"
            if vulnerability["fix_versions"]
            else "there is no fixed version",
        )
        for package in packages
        for vulnerability in package["vulns"]
    ]
