"""The test cluster as a service of the toolchain."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolchain import versions
from toolchain.cluster_context import VARIABLE
from toolchain.machine import Machine, is_root
from toolchain.problem import Problem
from toolchain.progress import Progress
from toolchain.report import Row, Source
from toolchain.services.cluster import programs, shutdown
from toolchain.services.cluster.api import Api
from toolchain.services.cluster.places import NAME, Places
from toolchain.services.cluster.startup import Startup
from toolchain.services.question import Question

START = "make cluster"


@dataclass(frozen=True)
class Cluster:
    """A Kubernetes of one node, made of this machine. It is for tests, and never the user's own cluster."""

    machine: Machine
    progress: Progress
    name: str = "test cluster"

    @property
    def places(self) -> Places:
        return Places.of(self.machine.layout)

    def is_made(self) -> bool:
        """Whether there is one, running or not."""
        return self.places.pki.is_dir()

    def look(self) -> Row:
        if not self.is_made():
            return Row(self.name, "", Source.NONE, f"`{START}` makes it")
        running = shutdown.running(self.places)
        if not running:
            return Row(self.name, "", Source.STOPPED, f"its data are kept; `{START}` starts it")
        ended = [name for name in shutdown.PARTS if name not in running]
        api = Api(self.places.pki)
        if ended or not api.is_ready():
            message = f"these parts have ended: {', '.join(ended)}" if ended else "its API does not answer"
            return Row(self.name, "", Source.NONE, message, START)
        if not api.node_is_ready():
            return Row(self.name, api.version(), Source.NONE, "its node is not ready", START)
        return Row(self.name, api.version(), Source.RUNNING, f"context {NAME} in {self.places.kubeconfig}")

    def ensure(self) -> Row:
        if not is_root():
            message = "only root can make this machine a Kubernetes node"
            raise Problem(message, f"sudo {START}, or use a cluster of your own: export {VARIABLE}=<context>, {START}")
        self.places.require_short()
        installed = programs.have(self.machine, self.progress)
        log = self.machine.layout.logs / "cluster.log"
        started = Startup(installed, self.places, self._environment(), log, self.progress).run()
        why = f"context {NAME} in {self.places.kubeconfig}"
        return Row(self.name, versions.KUBERNETES, Source.STARTED if started else Source.RUNNING, why)

    def environment(self) -> Mapping[str, str]:
        is_up = "apiserver" in shutdown.running(self.places)
        return {"KUBECONFIG": str(self.places.kubeconfig)} if is_up else {}

    def questions(self) -> Sequence[Question] | None:
        """Its parts and its node must be ready, not only there: it is for tests, where a second more is no matter."""
        return None

    def stop(self) -> list[str]:
        if not self.places.run.is_dir():
            return []
        pods = shutdown.stop(self.places)
        return [f"{self.name} and its pods ({', '.join(pods)})" if pods else self.name]

    def erase(self) -> list[str]:
        """Delete the cluster's data, volumes included. It must be stopped."""
        return [f"{self.name}: its data, keys and volumes"] if shutdown.erase(self.places) else []

    def notice(self) -> str:
        """What somebody wants to know who has just made it."""
        return NOTICE.format(version=versions.KUBERNETES, kubeconfig=self.places.kubeconfig, context=NAME)

    def _environment(self) -> Mapping[str, str]:
        """Programs that only root has are in `sbin`."""
        path = os.pathsep.join([self.machine.environment["PATH"], "/usr/sbin", "/sbin"])
        return {**self.machine.environment, "PATH": path}


NOTICE = """\
Kubernetes {version}, one node, for tests
  kubeconfig  {kubeconfig}
  context     {context}
next:
  make stack STACK=prod                            then deploy there, with a secret of your own:
  eval "$(python3 -m toolchain env)"               pulumi, kubectl, KUBECONFIG in this shell (yours, if you have them)
  pulumi config set --path mimir:kubernetes.context {context}
  pulumi config set --path --secret mimir:environment.jwtSecret "$(openssl rand -base64 48)"
  make up STACK=prod SOURCE=./sample               without SOURCE: Mimir itself, from its repository
later:
  kubectl --context {context} get pods -A
  make stop                                        stops it; what is in it stays
  python3 -m toolchain stop --erase cluster        stops it, and deletes what is in it"""
