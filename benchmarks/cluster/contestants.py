"""Three ways to the same objects: Pulumi, helm, kubectl. Each has a namespace of its own, and a variable to change."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.cluster import manifests, stacks
from benchmarks.cluster.manifests import Manifest
from benchmarks.cluster.stacks import BenchStack
from benchmarks.lab import Lab
from tests.support.e2e.cluster import CONTEXT
from tests.support.e2e.stack import eventually

VARIABLE = "BENCH_VALUE"
FIRST = "first-value"
WAIT_SECONDS = 120
HELM, KUBECTL, PULUMI = "`helm upgrade --install --wait`", "`kubectl apply`, `kubectl rollout status`", "`pulumi up`"


class Contestant(Protocol):
    """One way to deploy."""

    def deploy(self, value: str) -> None:
        """Deploy with that value, and wait until every pod has it."""

    def preview(self, value: str) -> None:
        """Show what `deploy` would change."""

    def remove(self) -> None:
        """Remove everything, and wait until it is gone."""


class Pulumi:
    """Our stack, its image built."""

    def __init__(self, lab: Lab) -> None:
        self.stack = stacks.make(lab, "pulumi", environment={"variables": {VARIABLE: FIRST}})

    def deploy(self, value: str) -> None:
        self._write(value)
        self.stack.up().ok()

    def preview(self, value: str) -> None:
        self._write(value)
        self.stack.preview().ok()

    def remove(self) -> None:
        """Remove all but the image: it is to be there already when the clock runs."""
        images = ["--exclude", "**docker-build:index:Image**"]
        self.stack.pulumi("destroy", "--yes", "--skip-preview", "--stack", self.stack.name, *images).ok()
        _gone(self.stack.namespace)

    def _write(self, value: str) -> None:
        self.stack.write(environment={"variables": {VARIABLE: value}})


class Kubectl:
    """The manifests, in a file."""

    def __init__(self, lab: Lab, made: Sequence[Manifest], stack: BenchStack) -> None:
        self._namespace = stack.name.replace("pulumi", "kubectl")
        self._text = manifests.text(manifests.in_namespace(made, stack, self._namespace))
        assert self._text.count(FIRST) == 1, "one place to change"
        self._file = lab.folder / "kubectl.yaml"
        lab.cleanup.callback(self.remove)

    def deploy(self, value: str) -> None:
        self._write(value)
        kubectl("apply", "--filename", str(self._file))
        workload = f"deployment/mimir-{self._namespace}"
        kubectl("rollout", "status", "--namespace", self._namespace, f"--timeout={WAIT_SECONDS}s", workload)

    def preview(self, value: str) -> None:
        self._write(value)
        kubectl("diff", "--filename", str(self._file), good=(0, 1))  # 1 says that there is a difference

    def remove(self) -> None:
        kubectl("delete", "namespace", self._namespace, "--ignore-not-found")
        _gone(self._namespace)

    def _write(self, value: str) -> None:
        self._file.write_text(self._text.replace(FIRST, value))


class Helm:
    """The manifests, as a chart with one value. The namespace is one of them, so the release is kept elsewhere."""

    def __init__(self, lab: Lab, made: Sequence[Manifest], stack: BenchStack) -> None:
        self._namespace = stack.name.replace("pulumi", "helm")
        self._releases = stack.name.replace("pulumi", "releases")
        self._chart = lab.folder / "chart"
        chart(self._chart, manifests.text(manifests.in_namespace(made, stack, self._namespace)))
        lab.cleanup.callback(kubectl, "delete", "namespace", self._releases)
        kubectl("create", "namespace", self._releases)
        lab.cleanup.callback(self.remove)

    def deploy(self, value: str) -> None:
        self._upgrade(value, "--wait", f"--timeout={WAIT_SECONDS}s")

    def preview(self, value: str) -> None:
        self._upgrade(value, "--dry-run=server")

    def remove(self) -> None:
        self._helm("uninstall", "bench", "--ignore-not-found")
        kubectl("delete", "namespace", self._namespace, "--ignore-not-found")
        _gone(self._namespace)

    def _upgrade(self, value: str, *flags: str) -> None:
        self._helm("upgrade", "--install", "bench", str(self._chart), f"--set-string=value={value}", *flags)

    def _helm(self, *arguments: str) -> None:
        run("helm", *arguments, "--kube-context", CONTEXT, "--namespace", self._releases)


def chart(folder: Path, text: str) -> None:
    """A chart of these manifests, with FIRST as its one value; braces of theirs are not helm's."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: bench\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text(f"value: {FIRST}\n")
    escaped = text.replace("{{", '{{ "{{" }}')
    (folder / "templates/all.yaml").write_text(escaped.replace(f'"{FIRST}"', "{{ .Values.value | quote }}"))


@dataclass(frozen=True)
class Field:
    """All that is compared.

    Attributes:
        cases: the three.
        stack: Pulumi's.
        made: what that stack makes in a cluster.
    """

    cases: Mapping[str, Contestant]
    stack: BenchStack
    made: Sequence[Manifest]


@functools.cache
def field(lab: Lab) -> Field:
    """All three, nothing deployed: one round has warmed every cache, and was removed again."""
    pulumi = Pulumi(lab)
    pulumi.deploy(FIRST)
    objects = manifests.manifests_of(pulumi.stack)
    found: dict[str, Contestant] = {
        HELM: Helm(lab, objects, pulumi.stack),
        KUBECTL: Kubectl(lab, objects, pulumi.stack),
        PULUMI: pulumi,
    }
    found[HELM].deploy(FIRST)
    found[KUBECTL].deploy(FIRST)
    for one in found.values():
        one.remove()
    return Field(found, pulumi.stack, objects)


def run(*argv: str, good: Sequence[int] = (0,), seconds: float = 300) -> None:
    """Run a program.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode not in good:
        raise RuntimeError(f"{' '.join(argv[:3])}: {done.stderr or done.stdout}")


def kubectl(*arguments: str, good: Sequence[int] = (0,)) -> None:
    run("kubectl", "--context", CONTEXT, *arguments, good=good)


def _gone(namespace: str) -> None:
    cluster = stacks.cluster()
    eventually(f"{namespace} is gone", lambda: not cluster.has_namespace(namespace), WAIT_SECONDS)
