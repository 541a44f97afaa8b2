"""Tools of others judge what the program makes. Every objection is mended, or known in exceptions.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit import bad, exceptions, manifests
from tests.audit.conftest import Findings
from tests.audit.finding import report
from tests.audit.judges import JUDGES, Judge
from tests.audit.manifests import Manifest

MUST_FIND = {
    "kubeconform": {("schema", "Pod/bad")},
    "kube-score": {
        ("container-security-context-privileged", "Pod/bad"),
        ("container-seccomp-profile", "Pod/bad"),  # an optional one
    },
    "checkov": {("CKV_K8S_16", "Pod/bad"), ("CKV_DOCKER_8", "container/Dockerfile")},
    "trivy": {("KSV-0017", "Pod/bad"), ("DS-0002", "container/Dockerfile")},
    "hadolint": {("DL3002", "container/Dockerfile"), ("SC2086", "container/Dockerfile")},
}
"""What each tool has against bad.py, of much more: privileges, root, words that the shell splits."""


def test_nothing_is_objected_to(judge: Judge, findings: Findings) -> None:
    left = exceptions.unexcused(findings(judge), exceptions.load())
    if left:
        advice = "mend it, or say in tests/audit/exceptions.yaml why it is meant to be so (docs/audit.md)"
        pytest.fail(f"{report(left)}\n\n{advice}", pytrace=False)


def test_no_exception_is_stale(judge: Judge, findings: Findings) -> None:
    own = [one for one in exceptions.load() if one.tool == judge.name]
    stale = exceptions.stale(findings(judge), own)
    if stale:
        listed = "\n".join(map(str, stale))
        pytest.fail(f"{listed}\n\nno finding needs these any more: remove them from the exceptions", pytrace=False)


def test_the_tool_is_awake(judge: Judge, tmp_path: Path) -> None:
    found = {(finding.check, finding.where) for finding in judge.findings(bad.write(tmp_path))}
    assert found >= MUST_FIND[judge.name]


def test_every_exception_is_of_a_tool_that_judges() -> None:
    assert {one.tool for one in exceptions.load()} <= {judge.name for judge in JUDGES}


def test_what_is_judged_is_the_whole_deployment(prod: list[Manifest]) -> None:
    kinds = {manifest.kind for manifest in prod}
    assert kinds >= {
        "ConfigMap",
        "Deployment",
        "Namespace",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    }


def test_whatever_a_pod_names_is_there(prod: list[Manifest]) -> None:
    titles = {manifest.title for manifest in prod}
    missing = [f"{whose} names {what}" for whose, what in manifests.references(prod) if what not in titles]
    assert not missing


def test_every_object_names_its_namespace(prod: list[Manifest]) -> None:
    """An object without one would go to whatever namespace happens to be current."""
    without = [one.title for one in prod if one.kind != "Namespace" and "namespace" not in one.document["metadata"]]
    assert not without
