"""The whole pipeline, once: from a commit to one digest on the engine (staging) and on the cluster (production)."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from ops.pipeline.steps import STEPS
from ops.pipeline.workspace import PipelineWorkspace
from tests.support import repositories
from tests.support.e2e import http
from tests.support.e2e.cluster import Cluster
from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import Result, copy_project

pytestmark = pytest.mark.e2e

QUICK = f"{sys.executable} -m pytest -q tests/unit/ops/commands/test_throw_away.py"
"""The whole unit tests have had their turn, where this one runs."""


@dataclass
class Pipeline:
    """A repository, and the pipeline's place."""

    folder: Path
    place: PipelineWorkspace

    def run(self, *arguments: str) -> Result:
        """`ops pipeline` in the repository."""
        own = ("--evidence", str(self.place.root), "--name", self.place.name, "--port", str(self.place.port))
        done = subprocess.run(
            [sys.executable, "-m", "ops", "pipeline", *own, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
        )
        return Result(done.returncode, done.stdout)

    @property
    def summary(self) -> dict[str, Any]:
        """What the last run has left."""
        return dict(json.loads(sorted(self.place.root.glob("*/summary.json"))[-1].read_text()))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory, shared_volumes: None) -> Iterator[Pipeline]:
    """One that has run, in a repository of its own; whatever it has deployed is removed at the end."""
    base = tmp_path_factory.mktemp("pipeline")
    folder = copy_project(base / "project")
    repositories.git("init", "--quiet", at=folder)
    repositories.git("add", "--all", "--", ".", ":!.venv", at=folder)
    repositories.git("commit", "--quiet", "--message", "one commit", at=folder)
    pipeline = Pipeline(folder, PipelineWorkspace(base / "runs", f"e2e-{secrets.token_hex(3)}", free_port()))
    # This network has no advisories for Python's packages, and without them the scan fails.
    flags = ("--approve", "--waive", "pip-audit", "--max-database-age", "36500")
    pipeline.run(*flags, "--tests", QUICK).ok()
    yield pipeline
    pipeline.run("--remove")


def test_every_step_has_passed_and_left_its_output(pipeline: Pipeline) -> None:
    found = pipeline.summary
    assert [one["step"] for one in found["steps"]] == [step.name for step in STEPS]
    assert {one["status"] for one in found["steps"]} == {"passed"}
    assert found["commit"] == repositories.git("rev-parse", "HEAD", at=pipeline.folder)
    [evidence] = pipeline.place.root.glob("*/evidence")
    left = {str(file.relative_to(evidence)) for file in evidence.rglob("*.json")}
    assert {"02-scan-source/scan-source.json", "05-scan-image/scan-image.json", "image/provenance.json"} <= left
    assert len([name for name in left if name.startswith("image/sbom-")]) == 2, "one for each platform"


def test_one_digest_has_gone_all_the_way(pipeline: Pipeline, engine: docker.DockerClient, cluster: Cluster) -> None:
    found, place = pipeline.summary, pipeline.place
    platforms = {one["platform"]["architecture"] for one in http.manifest(found["image"])["manifests"]}
    assert platforms >= {"amd64", "arm64"}
    label: dict[str, str | list[str] | bool] = {
        "label": [f"io.mimir.deployment=mimir-{place.staging}", "io.mimir.role=service"]
    }
    [container] = engine.containers.list(filters=label)
    pods = cluster.core.list_namespaced_pod(
        f"mimir-{place.production}", label_selector="app.kubernetes.io/component=application"
    ).items
    running = [container.attrs["Config"]["Image"], *(pod.spec.containers[0].image for pod in pods)]
    assert running == [found["image"]] * 3, "one container, and two pods"


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_staging_answers_where_it_says(pipeline: Pipeline) -> None:
    answer = http.get(f"https://127.0.0.1:{pipeline.place.port}", "/health", verify=False)
    assert answer.status_code == 200


def test_no_secret_is_in_what_it_leaves(pipeline: Pipeline) -> None:
    root = pipeline.place.root
    hidden = [(root / name).read_bytes() for name in ("passphrase", "signing.password")]
    [run] = [file.parent for file in root.glob("*/summary.json")]
    files = [file for file in run.rglob("*") if file.is_file() and ".venv" not in file.parts]
    assert len(files) > 30
    assert [file for file in files for secret in hidden if secret in file.read_bytes()] == []
    assert all((root / name).stat().st_mode & 0o077 == 0 for name in ("passphrase", "signing.password", "signing.key"))


def test_one_command_removes_what_it_has_deployed(
    pipeline: Pipeline, engine: docker.DockerClient, cluster: Cluster
) -> None:
    pipeline.run("--remove").ok()
    mine: dict[str, str | list[str] | bool] = {"label": f"io.mimir.deployment=mimir-{pipeline.place.staging}"}
    assert engine.containers.list(all=True, filters=mine) == []
    assert engine.volumes.list(filters=mine) == [] and engine.networks.list(filters=mine) == []
    assert not cluster.has_namespace(f"mimir-{pipeline.place.production}")
