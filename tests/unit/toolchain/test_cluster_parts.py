"""The cluster's parts: started once, trusted by their certificates, and never in the place of something else."""

from __future__ import annotations

import base64
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from toolchain.problem import Problem
from toolchain.progress import Progress
from toolchain.services.cluster import api, certificates, control_plane, dns, firewall, node, resolver, startup
from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.api import Api
from toolchain.services.cluster.containers import write_network, write_registries
from toolchain.services.cluster.kubeconfig import kubeconfig
from toolchain.services.cluster.parts import Part, require_free, settings_file
from toolchain.services.cluster.places import LOOPBACK, Places
from toolchain.services.cluster.programs import Programs

KNOWN = Addresses(IPv4Network("10.213.0.0/24"), IPv4Network("10.213.1.0/24"))
PROGRAMS = Programs(
    *(Path("/bin") / name for name in ("kube", "coredns", "etcd", "pause", "containerd", "runc", "cni"))
)
SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Part]:
    made = Part("sleeper", SLEEPER)
    yield made
    made.daemon(tmp_path).stop(0.1)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("cluster")
    certificates.ensure(folder / "pki", KNOWN, folder / "log")
    return folder / "pki"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "services/cluster", tmp_path / "run/cluster")


def test_a_part_that_runs_is_left_alone_and_one_with_another_command_line_is_replaced(
    tmp_path: Path, part: Part
) -> None:
    assert part.start(tmp_path, os.environ)
    first = part.daemon(tmp_path).running()
    assert not part.start(tmp_path, os.environ)
    assert part.daemon(tmp_path).running() == first

    changed = Part(part.name, (*SLEEPER, "--another"))
    assert changed.start(tmp_path, os.environ)
    assert part.daemon(tmp_path).running() != first


def test_another_setting_makes_another_command_line_and_one_file(tmp_path: Path) -> None:
    first = settings_file(tmp_path, "kubelet.json", "{}")
    assert settings_file(tmp_path, "kubelet.json", "{}") == first
    second = settings_file(tmp_path, "kubelet.json", '{"port": 1}')
    assert second != first
    assert [file.read_text() for file in tmp_path.iterdir()] == ['{"port": 1}']


def test_a_port_that_is_taken_is_a_problem_that_names_it_and_the_part(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Problem, match=f"{LOOPBACK}:{port} is taken, and the cluster's etcd needs it") as caught:
            Part("etcd", SLEEPER, ((LOOPBACK, port),)).start(tmp_path, os.environ)
        assert f"sport = :{port}" in caught.value.fix
    require_free("etcd", LOOPBACK, port)


def test_a_program_that_trusts_the_kubeconfig_reaches_the_api_and_is_known_to_it(
    pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.connection.getpeercert())
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pki / "ca.crt"))
    trust.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
    trust.verify_mode = ssl.CERT_REQUIRED
    with http.server.ThreadingHTTPServer((LOOPBACK, 0), Server) as server:
        server.socket = trust.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setattr(api, "API_PORT", server.server_port)
        assert Api(pki).is_ready()
        server.shutdown()
    subject = {name: value for ((name, value),) in seen[0]["subject"]}
    assert subject == {"commonName": "mimir-test:admin", "organizationName": "system:masters"}


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("apiserver", [f"IP Address:{KNOWN.node}", f"IP Address:{KNOWN.api}", "DNS:kubernetes.default.svc"]),
        ("kubelet", [f"IP Address:{KNOWN.node}", "CN = system:node:mimir-test", "O = system:nodes"]),
        ("scheduler", ["CN = system:kube-scheduler"]),
        ("proxy", ["CN = system:kube-proxy"]),
    ],
)
def test_kubernetes_knows_each_part_by_its_certificate(pki: Path, name: str, known_as: list[str]) -> None:
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(pki / f"{name}.crt"), "-noout", "-text"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [text for text in known_as if text not in shown] == []
    assert "CA:FALSE" in shown


def test_keys_are_made_once_and_only_the_owner_may_read_them(pki: Path) -> None:
    before = (pki / "ca.crt").read_bytes()
    certificates.ensure(pki, KNOWN, pki.parent / "log")
    assert (pki / "ca.crt").read_bytes() == before
    assert pki.stat().st_mode & 0o077 == 0


def test_keys_that_could_not_all_be_made_are_not_there_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem, match="openssl"):
        certificates.ensure(tmp_path / "pki", KNOWN, tmp_path / "log")
    assert not list(tmp_path.glob("*pki*"))


def test_a_kubeconfig_has_everything_in_it(pki: Path) -> None:
    document = yaml.safe_load(kubeconfig(pki, "admin"))
    assert document["current-context"] == "mimir-test"
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    assert cluster["server"].startswith("https://127.0.0.1:")
    assert base64.b64decode(cluster["certificate-authority-data"]) == (pki / "ca.crt").read_bytes()
    assert base64.b64decode(user["client-key-data"]) == (pki / "admin.key").read_bytes()
    assert "insecure" not in str(document)
    assert str(pki) not in str(document), "its contents must do where the file is not"


def test_what_a_node_said_before_it_was_stopped_does_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ready = {"type": "Ready", "status": "True", "lastHeartbeatTime": "2026-11-24T12:00:00Z"}
    status = {"status": {"conditions": [ready]}}
    monkeypatch.setattr(Api, "get", lambda *_: status)
    noon = 1795521600.0
    assert Api(tmp_path).node_is_ready()
    assert Api(tmp_path).node_is_ready(noon + 0.9), "the node tells whole seconds only"
    assert not Api(tmp_path).node_is_ready(noon + 1)
    ready["status"] = "False"
    assert not Api(tmp_path).node_is_ready()


def test_an_api_that_is_away_is_not_ready_and_nothing_is_lost_on_it(pki: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        monkeypatch.setattr(api, "API_PORT", server.getsockname()[1])
    assert not Api(pki).is_ready()
    assert Api(pki).get("/version") == {}
    with pytest.raises(Problem, match="does not answer"):
        Api(pki).apply("/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": "x"}})


@pytest.mark.parametrize(
    ("flags", "found", "expected"),
    [(0x8180, 1, True), (0x8180, 0, False), (0x8183, 0, False), (0x8182, 1, False)],
    ids=["an address", "no address", "no such name", "a failure"],
)
def test_the_dns_works_when_it_knows_the_clusters_own_name(flags: int, found: int, expected: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((LOOPBACK, 0))

        def answer() -> None:
            asked, sender = server.recvfrom(4096)
            assert b"\x0akubernetes\x07default\x03svc\x07cluster\x05local\x00" in asked
            server.sendto(asked[:2] + flags.to_bytes(2, "big") + bytes([0, 1, 0, found, 0, 0, 0, 0]), sender)

        threading.Thread(target=answer, daemon=True).start()
        assert resolver.answers(LOOPBACK, dns.KNOWN_NAME, server.getsockname()[1]) is expected


def test_a_dns_that_is_not_there_yet_is_no_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind((LOOPBACK, 0))
        port = closed.getsockname()[1]
    assert not resolver.answers(LOOPBACK, dns.KNOWN_NAME, port)


def test_the_parts_call_each_other_past_any_proxy(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(Part, "start", lambda _, folder, environment: seen.append(dict(environment)))
    users = {"PATH": "/bin", "HTTPS_PROXY": "http://proxy", "no_proxy": "example.com"}
    startup.Startup(PROGRAMS, places, users, places.root / "log", Progress())._start(Part("kubelet", SLEEPER))
    assert seen == [{"PATH": "/bin"}], "nobody lists the cluster's addresses in no_proxy"


def test_no_cluster_is_started_beside_another_kubernetes(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firewall, "another_node", lambda: True)
    with pytest.raises(Problem, match="another Kubernetes"):
        startup.Startup(PROGRAMS, places, {}, places.root / "log", Progress()).run()
    assert not places.root.exists()


def test_images_are_pulled_from_the_registry_on_loopback_over_plain_http(places: Places) -> None:
    write_registries(places)
    folders = {file.parent.name: file.read_text() for file in places.settings.glob("registries/*/hosts.toml")}
    hub = folders.pop("docker.io")
    assert folders.keys() == {"127.0.0.1:5000", "localhost:5000"}
    assert all(f'[host."http://{address}"]' in text for address, text in folders.items())
    assert '[host."http://127.0.0.1:5000"]' in hub
    assert "server" not in hub, "what is not there is asked of the hub itself"


def test_pods_are_given_addresses_of_the_range_and_the_nodes_as_their_gateway(places: Places) -> None:
    write_network(places, KNOWN)
    network = yaml.safe_load(next((places.run / "networks").iterdir()).read_text())
    [[addresses]] = network["plugins"][0]["ipam"]["ranges"]
    assert addresses == {"subnet": str(KNOWN.pods), "gateway": str(KNOWN.node)}
    assert network["plugins"][0]["ipam"]["dataDir"].startswith(str(places.run)), "a restart of the machine frees them"


def test_only_the_nodes_own_address_and_loopback_are_listened_on(places: Places) -> None:
    parts = [
        control_plane.etcd(PROGRAMS, places),
        control_plane.apiserver(PROGRAMS, places, KNOWN),
        control_plane.controller_manager(PROGRAMS, places),
        control_plane.scheduler(PROGRAMS, places),
        node.kubelet(PROGRAMS, places, KNOWN),
        node.proxy(PROGRAMS, places, KNOWN),
        node.api_for_pods(PROGRAMS, KNOWN),
    ]
    listening = [endpoint for part in parts for endpoint in part.listens]
    assert {address for address, _ in listening} == {LOOPBACK, str(KNOWN.node)}
    assert len(listening) == len(set(listening))
    said = " ".join(word for part in parts for word in part.argv)
    assert "0.0.0.0" not in said
    assert f"--nodeport-addresses=127.0.0.0/8,{KNOWN.node}/32" in said, "the application authenticates nobody"


def test_a_cache_too_deep_for_the_kubelets_sockets_is_a_problem() -> None:
    Places(Path("/short/services/cluster"), Path("/run")).require_short()
    with pytest.raises(Problem, match="too long a path"):
        Places(Path("/" + "deep/" * 30), Path("/run")).require_short()
