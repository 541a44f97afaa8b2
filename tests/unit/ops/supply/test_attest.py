"""What is said of a digest is about that digest, and holds no secret."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from components.image.attestations import described_by
from components.image.build_context import BuildContext
from components.image.buildx import Built
from components.settings import Settings
from components.source.source import Revision
from ops.supply import bom, provenance, signer
from ops.supply.commands import attest, sbom
from ops.supply.layout import Layout
from ops.supply.tool import CannotWork
from tests.support import oci_layouts
from tests.support.fake_programs import pretend
from tests.support.oci_layouts import PROGRAM

DIGEST = f"sha256:{'1' * 64}"
IDENTITY = "https://github.com/o/r/.github/workflows/deploy.yml@refs/heads/main"
OTHER = f"sha256:{'2' * 64}"
COMMIT = "b0006f9abf4da2a041c1de4c92a5f9eef43fa82c"
SETTINGS = Settings.model_validate(
    {
        "image": {"goProxy": "https://me:pr0xy-passw0rd@proxy.example.com"},
        "registry": {"address": "registry.example.com", "username": "ci", "password": "r3gistry-passw0rd"},
        "environment": {"jwtSecret": "kQ7vW2xR9mZ4tB6nP1sL8dF3gH5jY0cA"},
    }
)
MATERIAL = {"uri": "pkg:docker/golang@1", "digest": {"sha256": "3" * 64}}


def statement(dirty: bool = False, commit: str | None = COMMIT) -> provenance.Statement:
    revision = Revision(commit, 1_700_000_000, "https://example.com/mimir.git")
    context = BuildContext(Path(".build/context/x"), revision, dirty, "4" * 64)
    return provenance.statement("registry.example.com/mimir", SETTINGS, context, Built(DIGEST, (MATERIAL,)), "a", "b")


class TestProvenance:
    """Who built what from what."""

    def test_it_names_the_digest_the_source_and_what_went_into_it(self) -> None:
        made = statement()
        assert provenance.subject_digest(made) == DIGEST
        source, base = made["predicate"]["buildDefinition"]["resolvedDependencies"]
        assert source["digest"]["gitCommit"] == COMMIT
        assert source["uri"] == "git+https://example.com/mimir.git"
        assert base == MATERIAL

    @pytest.mark.parametrize(("dirty", "commit"), [(True, COMMIT), (False, None)])
    def test_what_is_no_commit_does_not_pass_for_one(self, dirty: bool, commit: str | None) -> None:
        source = statement(dirty, commit)["predicate"]["buildDefinition"]["resolvedDependencies"][0]
        assert source["digest"] == {"sha256": "4" * 64}

    def test_it_holds_no_secret(self) -> None:
        text = json.dumps(statement())
        assert not [word for word in ("passw0rd", "kQ7vW2xR") if word in text]

    def test_in_a_workflow_it_names_the_workflow_and_the_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
        monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
        monkeypatch.setenv("GITHUB_WORKFLOW_REF", "o/r/.github/workflows/deploy.yml@refs/heads/main")
        monkeypatch.setenv("GITHUB_RUN_ID", "7")
        monkeypatch.setenv("GITHUB_RUN_ATTEMPT", "2")
        details = statement()["predicate"]["runDetails"]
        assert details["builder"]["id"] == "https://github.com/o/r/.github/workflows/deploy.yml@refs/heads/main"
        assert details["metadata"]["invocationId"] == "https://github.com/o/r/actions/runs/7/attempts/2"

    @pytest.mark.parametrize("subjects", [[], [{"digest": {"sha256": "1" * 64}}] * 2])
    def test_one_about_nothing_or_about_several_is_about_no_digest(self, subjects: list[Any]) -> None:
        assert provenance.subject_digest({"subject": subjects}) == ""


class TestBom:
    """What is in the image."""

    @pytest.fixture
    def made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        """The bill of materials of an image with two programs, which are of the same module."""
        module = {"bom-ref": "pkg:golang/std@go1", "name": "std"}
        component = {"bom-ref": "pkg:golang/app", "name": "app"}
        depends = [{"ref": "pkg:golang/app", "dependsOn": ["pkg:golang/std@go1"]}, {"ref": "pkg:golang/std@go1"}]
        answer = {"metadata": {"component": component, "tools": []}, "components": [module], "dependencies": depends}
        pretend(tmp_path / "bin", "cyclonedx-gomod", json.dumps(answer))
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        oci_layouts.make(tmp_path / "layout", {"app/mimir": PROGRAM, "probe": PROGRAM, "etc/passwd": b"x"})
        layout = Layout.open(tmp_path / "layout")
        image = layout.images()[1]
        document = bom.describe_image(layout, image)
        assert described_by(document) == image.digest
        return document

    def test_it_lists_programs_modules_and_files_once_each(self, made: dict[str, Any]) -> None:
        names = [component["bom-ref"] for component in made["components"]]
        assert names == ["/app/mimir", "/probe", "pkg:golang/std@go1", "/etc/passwd"]
        assert all("hashes" in one for one in made["components"] if one["bom-ref"].startswith("/"))

    def test_every_dependency_is_on_something_that_it_lists(self, made: dict[str, Any]) -> None:
        known = {component["bom-ref"] for component in made["components"]} | {described_by(made)}
        named = {one for entry in made["dependencies"] for one in (entry["ref"], *entry.get("dependsOn", []))}
        assert named <= known
        top = next(entry for entry in made["dependencies"] if entry["ref"] == described_by(made))
        assert top["dependsOn"] == ["/app/mimir", "/probe"]


class TestAttest:
    """`attest` says nothing of one image about another."""

    @pytest.fixture
    def evidence(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """What was left by `build` and `sbom`, about the image in the registry."""
        pretend(tmp_path / "bin", "cosign")
        index = {
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{"digest": OTHER, "platform": {"os": "linux", "architecture": "amd64"}}],
        }
        pretend(tmp_path / "bin", "crane", json.dumps(index))
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        (tmp_path / provenance.FILE).write_text(json.dumps(statement()))
        described = {"metadata": {"component": {"version": OTHER}}}
        (tmp_path / sbom.file_of("linux/amd64")).write_text(json.dumps(described))
        return tmp_path

    @staticmethod
    def attest(folder: Path, *flags: str, digest: str = DIGEST) -> None:
        parser = argparse.ArgumentParser()
        attest.arguments(parser)
        arguments = ["--ref", f"registry.example.com/mimir@{digest}", "--evidence", str(folder), *flags]
        attest.run(parser.parse_args(arguments))

    def test_the_provenance_of_another_image(self, evidence: Path) -> None:
        with pytest.raises(CannotWork, match=f"about {DIGEST}, not about {OTHER}"):
            self.attest(evidence, digest=OTHER)

    def test_the_bill_of_materials_of_another_image(self, evidence: Path) -> None:
        (evidence / sbom.file_of("linux/amd64")).write_text('{"metadata": {"component": {"version": "sha256:0"}}}')
        with pytest.raises(CannotWork, match=r"describes sha256:0, and linux/amd64 is"):
            self.attest(evidence)

    def test_no_provenance(self, evidence: Path) -> None:
        (evidence / provenance.FILE).unlink()
        with pytest.raises(CannotWork, match="ops build --evidence"):
            self.attest(evidence)

    def test_nobody_signs(self, evidence: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("GITHUB_WORKFLOW_REF", raising=False)
        with pytest.raises(CannotWork, match="generate-key-pair"):
            self.attest(evidence)

    def test_who_verifies_does_not_believe_whatever_workflow_it_runs_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GITHUB_WORKFLOW_REF", "o/r/.github/workflows/deploy.yml@refs/tags/v1")
        parser = argparse.ArgumentParser()
        signer.add(parser, "public key")
        with (
            pytest.raises(CannotWork, match="whose signature"),
            signer.chosen(parser.parse_args([]), signs=False),
        ):
            pass
        with signer.chosen(parser.parse_args(["--identity", IDENTITY]), signs=False) as believed:
            assert believed.verifier.arguments[0] == f"--certificate-identity={IDENTITY}"

    def test_a_private_key_without_a_password_does_not_wait_for_one(
        self, evidence: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(signer.PASSWORD, raising=False)
        key = evidence / "signing.key"
        key.write_text(f"-----BEGIN ENCRYPTED SIGSTORE {'PRIVATE'} KEY-----")
        with pytest.raises(CannotWork, match=signer.PASSWORD):
            self.attest(evidence, "--key", str(key))
