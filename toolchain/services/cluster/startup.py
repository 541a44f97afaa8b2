"""Starts the node: each part when what it needs is ready."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain.command import quote
from toolchain.problem import Problem
from toolchain.progress import Progress
from toolchain.services import runtime
from toolchain.services.cluster import (
    addresses,
    bridge,
    certificates,
    containers,
    control_plane,
    dns,
    firewall,
    images,
    node,
    objects,
    resolver,
    tunables,
)
from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.api import Api
from toolchain.services.cluster.images import Image
from toolchain.services.cluster.kubeconfig import kubeconfig
from toolchain.services.cluster.parts import Part
from toolchain.services.cluster.places import ETCD_PORT, LOOPBACK, PROXY_HEALTH_PORT, Places
from toolchain.services.cluster.programs import Programs

DAEMON_SECONDS = 60.0
READY_SECONDS = 180.0
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True)
class Startup:
    """One run of starting whatever does not run yet."""

    programs: Programs
    places: Places
    environment: Mapping[str, str]
    """Of containerd, which pulls images. The others have no proxies: they talk to each other, on this machine."""
    log: Path
    progress: Progress

    def run(self) -> bool:
        """Have the cluster ready; whether anything had to be started.

        Raises:
            Problem: it cannot be started, or does not become ready.
        """
        if firewall.another_node():
            message = "this machine is a node of another Kubernetes already, and the two would share its iptables"
            raise Problem(message, "use that one: export KUBECONFIG=...")
        with self.progress.step("making the cluster's keys and network"):
            chosen = self._prepare()
        started = self._containers()
        started |= self._control_plane(chosen)
        started |= self._node(chosen)
        return started

    def _prepare(self) -> Addresses:
        places = self.places
        runtime.forget_other_boots(places.run.parent)
        places.run.mkdir(parents=True, exist_ok=True)
        chosen = addresses.chosen(places.addresses)
        certificates.ensure(places.pki, chosen, self.log)
        _write_private(places.kubeconfig, kubeconfig(places.pki, "admin"))
        tunables.remember(places.run / "tunables.json")
        bridge.start(chosen)
        firewall.start(chosen)
        containers.write_network(places, chosen)
        containers.write_registries(places)
        return chosen

    def _containers(self) -> bool:
        part = containers.containerd(self.programs, self.places)
        with self.progress.step("starting containerd"):
            if not part.start(self.places.root, self.environment):
                return False
            self._wait(part, lambda: _accepts(self.places.containerd))
            for program in (self.programs.pause, self.programs.coredns):
                images.ensure(Image(program), self.programs, self.places, self.log)
        return True

    def _control_plane(self, chosen: Addresses) -> bool:
        places, api = self.places, Api(self.places.pki)
        etcd = control_plane.etcd(self.programs, places)
        server = control_plane.apiserver(self.programs, places, chosen)
        with self.progress.step("starting etcd and the API server"):
            started = self._start(etcd)
            self._wait(etcd, lambda: _connects(LOOPBACK, ETCD_PORT))
            started |= self._start(server)
            self._wait(server, api.is_ready, READY_SECONDS)
        dns_objects = dns.objects(Image(self.programs.coredns).name, chosen)
        for path, body in [*objects.all_objects(), *dns_objects]:
            api.apply(path, body)
        return started

    def _node(self, chosen: Addresses) -> bool:
        programs, places, api = self.programs, self.places, Api(self.places.pki)
        kubelet = node.kubelet(programs, places, chosen)
        proxy = node.proxy(programs, places, chosen)
        manager = control_plane.controller_manager(programs, places)
        others = [
            manager,
            control_plane.scheduler(programs, places),
            proxy,
            node.api_for_pods(programs, chosen),
            node.provisioner(programs, places),
            node.policies(programs, places),
        ]
        with self.progress.step("waiting for the node"):
            since = time.time()
            is_new = self._start(kubelet)
            started = [self._start(part) for part in others]
            # What a node said before it was stopped is still there when it starts.
            self._wait(kubelet, lambda: api.node_is_ready(since if is_new else 0), READY_SECONDS)
            self._wait(manager, lambda: api.has("/api/v1/namespaces/default/serviceaccounts/default"), READY_SECONDS)
            self._wait(proxy, lambda: _connects(LOOPBACK, PROXY_HEALTH_PORT))
            self._wait(proxy, lambda: resolver.answers(str(chosen.dns), dns.KNOWN_NAME), READY_SECONDS)
        for part in others:
            if not part.runs(places.root):
                raise Problem(
                    f"the cluster's {part.name} has ended{quote(part.daemon(places.root).log)}", "make cluster"
                )
        return is_new or any(started)

    def _start(self, part: Part) -> bool:
        environment = {name: value for name, value in self.environment.items() if name.lower() not in PROXIES}
        return part.start(self.places.root, environment)

    def _wait(self, part: Part, ready: Callable[[], object], limit: float = DAEMON_SECONDS) -> None:
        part.daemon(self.places.root).wait_until(ready, limit)


def _write_private(file: Path, content: str) -> None:
    """Readable by root alone from the first moment: it is the key to the cluster."""
    if not file.exists() or file.read_text() != content:
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(content)


def _accepts(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except OSError:
            return False
    return True


def _connects(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), 1.0).close()
    except OSError:
        return False
    return True
