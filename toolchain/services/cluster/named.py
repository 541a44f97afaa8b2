"""The test cluster where the user names one: it is asked whether it answers, and nothing about it is changed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolchain import gobuild, versions
from toolchain.cluster_context import VARIABLE, context_of
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.progress import Progress
from toolchain.report import Row, Source
from toolchain.services.cluster.programs import KUBECTL, kubectl
from toolchain.services.cluster.service import START, Cluster

REQUEST_SECONDS = 10
LIMIT_SECONDS = 30.0
"""A kubeconfig may name a program that logs in, which takes time of its own."""

NOTICE = """\
The tests use your cluster: context {context}, from {variable}. docs/cluster.md says what they need of it.
next:
  make e2e                    the end-to-end tests
  unset {variable}    the toolchain makes a cluster of its own, as root"""


@dataclass(frozen=True)
class NamedCluster:
    """The cluster of the context in MIMIR_TEST_CONTEXT."""

    machine: Machine
    progress: Progress
    name: str = Cluster.name
    """The other one's name: a checkout uses one of the two, and what it noted of the other one is replaced."""

    @property
    def context(self) -> str:
        return context_of(self.machine.environment)

    def look(self) -> Row:
        program = self.machine.which("kubectl") or kubectl(self.machine)
        if not program:
            return Row(self.name, "", Source.NONE, "there is no kubectl to ask it with", START)
        command = [str(program), "--context", self.context, f"--request-timeout={REQUEST_SECONDS}s"]
        try:
            nodes = _ask([*command, "get", "nodes", "--output", "json"], self.machine.environment)["items"]
        except (OSError, ValueError, KeyError) as error:
            fix = (
                f"start it, name another one (`kubectl config get-contexts` lists them), or unset {VARIABLE}: "
                "the toolchain then makes one, as root"
            )
            return Row(self.name, "", Source.NONE, f'context "{self.context}" ({VARIABLE}): {error}', fix)
        ready = [node for node in nodes if _is_ready(node)]
        if not ready:
            message = f'no node of context "{self.context}" ({VARIABLE}) is ready'
            return Row(self.name, "", Source.NONE, message, f"kubectl --context {self.context} describe nodes")
        version = ".".join(map(str, versions.parse(ready[0]["status"]["nodeInfo"]["kubeletVersion"])))
        return Row(self.name, version, Source.RUNNING, f"context {self.context}, named by {VARIABLE}")

    def ensure(self) -> Row:
        if not self.machine.which("kubectl"):
            with self.progress.step(f"building {KUBECTL.program} {KUBECTL.version}"):
                gobuild.build(KUBECTL, self.machine.go, self.machine.layout, self.machine.environment)
        row = self.look()
        if not row.ok:
            raise Problem(row.why, row.fix)
        return row

    def environment(self) -> Mapping[str, str]:
        return {}

    def questions(self) -> None:
        """Whether it still answers takes a login to find out."""

    def stop(self) -> list[str]:
        return []

    def notice(self) -> str:
        """What somebody wants to know who has just checked it."""
        return NOTICE.format(context=self.context, variable=VARIABLE)


def _ask(command: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """The answer of kubectl.

    Raises:
        OSError: it could not be asked, or refuses; with the last line of what it says.
        ValueError: the answer is no JSON object.
    """
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"no answer in {LIMIT_SECONDS:.0f} s") from error
    if done.returncode != 0:
        raise OSError((done.stderr.strip().splitlines() or [f"kubectl failed with status {done.returncode}"])[-1])
    answer = json.loads(done.stdout)
    if not isinstance(answer, dict):
        raise ValueError("kubectl's answer is no list of nodes")
    return answer


def _is_ready(node: Mapping[str, Any]) -> bool:
    conditions = node["status"].get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
