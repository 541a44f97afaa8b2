"""From source to a signed digest, with the real builder, registry, scanners and cosign, and without a network."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from ops.supply.tool import ENSURE
from tests.e2e.conftest import NewStack
from tests.support.e2e.credentials import STRONG
from tests.support.e2e.stack import Result, Stack

pytestmark = pytest.mark.e2e

REGISTRY = "http://127.0.0.1:5000/v2"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGNATURE, SBOM, PROVENANCE = (
    "https://sigstore.dev/cosign/sign/v1",
    "https://cyclonedx.org/bom",
    "https://slsa.dev/provenance/v1",
)
PREDICATE = "dev.sigstore.bundle.predicateType"
BOTH = ("linux/amd64", "linux/arm64")
HOLE = {
    "schema_version": "1.3.1",
    "id": "GO-2030-0001",
    "modified": "2030-01-01T00:00:00Z",
    "published": "2030-01-01T00:00:00Z",
    "summary": "Made up: every Go has it",
    "details": "-",
    "affected": [
        {
            "package": {"name": "stdlib", "ecosystem": "Go"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
            "ecosystem_specific": {"imports": [{"path": "net/http", "symbols": ["Server.Serve"]}]},
        }
    ],
}
"""A vulnerability for a database of the tests' own: what is published changes from day to day."""


@dataclass(frozen=True)
class Repository:
    """A repository in the registry on loopback, seen through plain HTTP."""

    name: str

    def manifest(self, reference: str) -> Any:
        """A manifest or an index, or None."""
        answer = requests.get(
            f"{REGISTRY}/{self.name}/manifests/{reference}", headers={"Accept": f"{INDEX}, {MANIFEST}"}, timeout=5
        )
        return answer.json() if answer.ok else None

    def blob(self, digest: str) -> Any:
        """A blob that is JSON, which has to be what its digest says."""
        content = requests.get(f"{REGISTRY}/{self.name}/blobs/{digest}", timeout=5).content
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest
        return json.loads(content)

    def referrers(self, digest: str) -> list[Any]:
        """What refers to a digest: this registry has no API for it, so a tag lists them (OCI distribution-spec 1.1)."""
        return list((self.manifest(digest.replace(":", "-")) or {}).get("manifests", []))

    def put_blob(self, content: bytes) -> str:
        """Upload a blob; its digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        where = requests.post(f"{REGISTRY}/{self.name}/blobs/uploads/", timeout=5).headers["Location"]
        requests.put(where, params={"digest": digest}, data=content, timeout=5).raise_for_status()
        return digest

    def put_manifest(self, reference: str, document: Any) -> str:
        """Store a manifest or an index under a tag; its digest."""
        content, kind = json.dumps(document).encode(), document["mediaType"]
        url = f"{REGISTRY}/{self.name}/manifests/{reference}"
        requests.put(url, data=content, headers={"Content-Type": kind}, timeout=5).raise_for_status()
        return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Chain:
    """The commands, run in a stack's folder, and the folder that they share."""

    stack: Stack
    folder: Path
    repository: Repository

    @property
    def layout(self) -> Path:
        return self.folder / "layout"

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    @property
    def digest(self) -> str:
        """What was built."""
        return str(json.loads((self.layout / "index.json").read_text())["manifests"][0]["digest"])

    @property
    def ref(self) -> str:
        return f"127.0.0.1:5000/{self.repository.name}@{self.digest}"

    @property
    def key(self) -> Path:
        return self.folder / "signing.key"

    @property
    def public(self) -> Path:
        return self.folder / "signing.pub"

    def ops(self, *arguments: str, **variables: str) -> Result:
        """One command of the project."""
        done = subprocess.run(
            [sys.executable, "-m", "ops", *arguments],
            cwd=self.stack.folder,
            env={**self.stack.environment(), "COSIGN_PASSWORD": "for-tests-only", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )
        return Result(done.returncode, done.stderr + done.stdout)

    def predicates(self, kind: str) -> list[Any]:
        """The predicates that are attached to the digest, out of the registry by digest."""
        found = []
        for one in self.repository.referrers(self.digest):
            manifest = self.repository.manifest(one["digest"])
            assert manifest["subject"]["digest"] == self.digest
            if manifest["annotations"][PREDICATE] == kind:
                payload = self.repository.blob(manifest["layers"][0]["digest"])["dsseEnvelope"]["payload"]
                statement = json.loads(base64.b64decode(payload))
                assert statement["subject"][0]["digest"]["sha256"] == self.digest.removeprefix("sha256:")
                found.append(statement["predicate"])
        return found


@pytest.fixture(scope="module")
def chain(new_stack: NewStack, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """A stack whose image is built, pushed and attested."""
    assert shutil.which("cosign"), f"the tools of the supply chain are not there; run: {ENSURE}"
    name = f"supply-{secrets.token_hex(3)}"
    folder = tmp_path_factory.mktemp(name)
    made = Chain(new_stack(registry={"repository": name}), folder, Repository(name))
    built = ("build", "--stack", made.stack.name, "--layout", str(made.layout), "--evidence", str(made.evidence))
    assert made.ops(*built).ok().text.splitlines()[-1] == made.digest
    prefix = ["--output-key-prefix", str(made.key.with_suffix(""))]
    environment = {**os.environ, "COSIGN_PASSWORD": "for-tests-only"}
    subprocess.run(["cosign", "generate-key-pair", *prefix], env=environment, check=True, capture_output=True)
    pushed = made.ops("push", "--layout", str(made.layout), "--ref", f"127.0.0.1:5000/{name}:candidate").ok()
    assert pushed.text.splitlines()[-1] == made.ref
    bare = made.ops("verify-image", "--ref", made.ref, "--key", str(made.public)).failed()
    assert "no bill of materials that is trusted for linux/amd64" in bare.text
    made.ops("attest", "--ref", made.ref, "--evidence", str(made.evidence), "--key", str(made.key)).ok()
    return made


def database(folder: Path, *reports: dict[str, Any]) -> str:
    """A database in the form of vuln.go.dev; its address."""
    for name in ("index", "ID"):
        (folder / name).mkdir(parents=True)
    modules = [{"path": "stdlib", "vulns": [{"id": one["id"], "modified": one["modified"]} for one in reports]}]
    (folder / "index/db.json").write_text(json.dumps({"modified": "2030-01-01T00:00:00Z"}))
    (folder / "index/modules.json").write_text(json.dumps(modules if reports else []))
    (folder / "index/vulns.json").write_text("[]")
    for one in reports:
        (folder / f"ID/{one['id']}.json").write_text(json.dumps(one))
    return folder.as_uri()


def test_the_digest_that_is_built_is_pushed_and_is_the_one_that_an_update_pushes(chain: Chain) -> None:
    assert chain.repository.manifest(chain.digest) == chain.repository.manifest("candidate")
    chain.stack.up().ok()
    assert chain.stack.outputs()["digest"] == chain.digest


@pytest.mark.parametrize("reports", [[], [HOLE]], ids=["nothing known", "a hole"])
def test_the_programs_of_every_platform_are_scanned(
    chain: Chain, tmp_path: Path, reports: list[dict[str, Any]]
) -> None:
    flags = ("--evidence", str(tmp_path), "--max-database-age", "36500")
    address = database(tmp_path / "database", *reports)
    scanned = chain.ops("scan-image", "--ref", chain.ref, *flags, GOVULNDB=address)
    document = json.loads((tmp_path / "scan-image.json").read_text())
    assert document["digest"] == chain.digest
    assert len(document["scans"]) == 2
    if not reports:
        scanned.ok()
        return
    scanned.failed()
    for where in ("linux/amd64 /app/mimir", "linux/amd64 /probe", "linux/arm64 /app/mimir", "linux/arm64 /probe"):
        assert f"GO-2030-0001: {where}" in scanned.text


def test_a_database_that_cannot_be_had_fails(chain: Chain) -> None:
    scanned = chain.ops("scan-image", "--layout", str(chain.layout), GOVULNDB="file:///nowhere").failed()
    assert "CANNOT WORK" in scanned.text and "file:///nowhere" in scanned.text


def test_the_registry_holds_sbom_provenance_and_signature_of_the_digest(chain: Chain) -> None:
    # The list of referrers may leave the annotations out: they are the manifests' own.
    manifests = [chain.repository.manifest(one["digest"]) for one in chain.repository.referrers(chain.digest)]
    kinds = sorted(manifest["annotations"][PREDICATE] for manifest in manifests)
    assert kinds == sorted([SBOM, SBOM, PROVENANCE, SIGNATURE])
    platforms = {one["digest"] for one in chain.repository.manifest(chain.digest)["manifests"]}
    boms = chain.predicates(SBOM)
    assert {one["metadata"]["component"]["version"] for one in boms} == platforms
    for one in boms:
        names = {component["bom-ref"] for component in one["components"]}
        assert {"/app/mimir", "/probe", "/etc/ssl/certs/ca-certificates.crt"} <= names
        assert any(name.startswith("pkg:golang/std@") for name in names)
    [history] = chain.predicates(PROVENANCE)
    materials = history["buildDefinition"]["resolvedDependencies"]
    assert any(one["uri"].startswith("pkg:docker/golang@") and one["digest"]["sha256"] for one in materials)


def test_attesting_once_more_attaches_nothing(chain: Chain) -> None:
    before = chain.repository.referrers(chain.digest)
    chain.ops("attest", "--ref", chain.ref, "--evidence", str(chain.evidence), "--key", str(chain.key)).ok()
    assert chain.repository.referrers(chain.digest) == before


def test_the_signers_key_verifies_it_and_no_other_one_does(chain: Chain, tmp_path: Path) -> None:
    chain.ops("verify-image", "--ref", chain.ref, "--key", str(chain.public)).ok()
    other = ["--output-key-prefix", str(tmp_path / "other")]
    environment = {**os.environ, "COSIGN_PASSWORD": ""}
    subprocess.run(["cosign", "generate-key-pair", *other], env=environment, check=True, capture_output=True)
    refused = chain.ops("verify-image", "--ref", chain.ref, "--key", str(tmp_path / "other.pub")).failed()
    assert "no signature that is trusted" in refused.text
    assert "no bill of materials that is trusted for linux/arm64" in refused.text


def test_what_somebody_has_changed_in_the_registry_is_refused(chain: Chain) -> None:
    copy = Repository(f"{chain.repository.name}-{secrets.token_hex(3)}")
    chain.ops("push", "--layout", str(chain.layout), "--ref", f"127.0.0.1:5000/{copy.name}").ok()
    changed = [_changed(chain, copy, one) for one in chain.repository.referrers(chain.digest)]
    copy.put_manifest(chain.digest.replace(":", "-"), {"schemaVersion": 2, "mediaType": INDEX, "manifests": changed})
    ref = f"127.0.0.1:5000/{copy.name}@{chain.digest}"
    refused = chain.ops("verify-image", "--ref", ref, "--key", str(chain.public)).failed()
    for missing in ("no signature", "no provenance", *(f"no bill of materials that is trusted for {p}" for p in BOTH)):
        assert missing in refused.text, refused.text
    assert "python -m ops attest" in refused.text


@pytest.mark.parametrize("digest_from", ["the command line", "the stack file"])
def test_production_deploys_a_digest_only_with_its_signers_signature(
    chain: Chain, new_stack: NewStack, engine: docker.DockerClient, tmp_path: Path, digest_from: str
) -> None:
    """Whoever can only write to the registry signs with another key, or not at all."""
    other = ["--output-key-prefix", str(tmp_path / "other")]
    environment = {**os.environ, "COSIGN_PASSWORD": ""}
    subprocess.run(["cosign", "generate-key-pair", *other], env=environment, check=True, capture_output=True)
    stack = new_stack(runtime="production", registry={"repository": chain.repository.name})
    stack.secret("environment.jwtSecret", STRONG)
    flags: tuple[str, ...] = ("--digest", chain.digest)
    if digest_from == "the stack file":
        stack.write(image={"digest": chain.digest})
        flags = ()
    unnamed = stack.ops("up", *flags).failed().text
    assert "mimir:image.signature" in unnamed and "nothing was changed" in unnamed
    stack.write(image={"signature": {"key": str(tmp_path / "other.pub")}})
    for command in ("preview", "up"):
        refused = stack.ops(command, *flags).failed().text
        assert "no signature that is trusted" in refused and "Traceback" not in refused
    stack.write(image={"signature": {"allowUnsigned": True}})
    assert "policy/unsigned_images.yaml" in stack.ops("up", *flags).failed().text
    assert engine.containers.list(all=True, filters=stack.mine) == [], "nothing was made"
    stack.write(image={"signature": {"key": str(chain.public)}})
    stack.ops("up", *flags).ok()
    assert stack.outputs()["digest"] == chain.digest


def _changed(chain: Chain, copy: Repository, referrer: dict[str, Any]) -> dict[str, Any]:
    """Copy what refers to the digest into another repository, with a space more in what was signed."""
    manifest = chain.repository.manifest(referrer["digest"])
    bundle = chain.repository.blob(manifest["layers"][0]["digest"])
    said = base64.b64decode(bundle["dsseEnvelope"]["payload"]) + b" "
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(said).decode()
    content = json.dumps(bundle).encode()
    manifest["layers"][0] = {**manifest["layers"][0], "digest": copy.put_blob(content), "size": len(content)}
    copy.put_blob(b"{}")  # the configuration of every such manifest
    digest = copy.put_manifest("changed", manifest)
    return {**referrer, "digest": digest, "size": len(json.dumps(manifest).encode())}
