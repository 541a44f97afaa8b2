"""The cluster before anything is built: whether it answers, and what it lacks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.kubernetes.cluster import api_server, cluster
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.cluster.dns import COREDNS, NODE_LOCAL, DnsDelay
from components.kubernetes.cluster.kubeconfig import Access
from components.problems import Problem
from components.settings import Settings
from tests.support import fake_cluster
from tests.support.configuration import merged
from tests.support.fake_cluster import CLASSES, KUBE_SYSTEM, VERSION, Api, storage_class
from tests.support.settings_tables import CLUSTER

pytestmark = pytest.mark.usefixtures("no_login")


@pytest.fixture
def settings(api: Api, tmp_path: Path) -> dict[str, Any]:
    """Settings that name the API server."""
    return naming(api.url, tmp_path)


def naming(server: str, folder: Path) -> dict[str, Any]:
    """Settings that name a cluster at this address."""
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(fake_cluster.kubeconfig(server)))
    return merged(CLUSTER, {"kubernetes": {"kubeconfig": str(file)}})


def look(*settings: dict[str, Any]) -> Cluster | list[Problem]:
    """What is found with these settings."""
    return cluster.inspect_cluster(Settings.model_validate(merged(*settings)), "dev")


def problem(*settings: dict[str, Any]) -> Problem:
    """The only problem that is found."""
    found = look(*settings)
    assert isinstance(found, list), "no problem"
    [one] = found
    return one


def test_one_with_everything(api: Api, settings: dict[str, Any]) -> None:
    found = look(settings)
    assert isinstance(found, Cluster)
    assert (found.namespace, found.identity) == ("mimir-dev", "uid-of-kube-system")
    assert found.access.server == api.url
    assert api.authorization == f"Bearer {fake_cluster.TOKEN}"
    named = look(settings, {"kubernetes": {"namespace": "own"}})
    assert isinstance(named, Cluster)
    assert named.namespace == "own"


def test_its_name_servers_configuration_is_read_once(api: Api, settings: dict[str, Any]) -> None:
    found = look(settings)
    assert isinstance(found, Cluster)
    assert found.dns_delay == DnsDelay(7)
    assert [request for request in api.asked if "configmaps" in request] == [f"GET {COREDNS}", f"GET {NODE_LOCAL}"]


@pytest.mark.parametrize("path", [COREDNS, NODE_LOCAL])
@pytest.mark.parametrize("answer", [401, 403, 500, 503, "<html>", {}, {"data": {"Corefile": "{"}}])
def test_name_servers_that_cannot_be_looked_at_stop_nobody(
    api: Api, settings: dict[str, Any], path: str, answer: Any
) -> None:
    api.there[path] = answer
    found = look(settings)
    assert isinstance(found, Cluster)
    assert found.dns_delay.seconds == 30
    assert found.dns_delay.warning


@pytest.mark.parametrize("status", [403, 404])
def test_whoever_may_not_read_kube_system_knows_it_by_its_address(
    api: Api, settings: dict[str, Any], status: int
) -> None:
    api.there[KUBE_SYSTEM] = status
    found = look(settings)
    assert isinstance(found, Cluster)
    assert found.identity == api.url


@pytest.mark.parametrize("minor", ["30", "30+", "99"])
def test_a_release_that_lets_a_pod_wait_before_it_ends(api: Api, settings: dict[str, Any], minor: str) -> None:
    api.there["/version"] = {**VERSION, "minor": minor}
    assert isinstance(look(settings), Cluster)


@pytest.mark.parametrize("minor", ["29", "29+", "9"])
def test_an_older_release_is_refused_with_what_it_would_cost(api: Api, settings: dict[str, Any], minor: str) -> None:
    api.there["/version"] = {**VERSION, "minor": minor, "gitVersion": f"v1.{minor}.7"}
    found = problem(settings)
    assert found.key == "mimir:kubernetes.context"
    assert f"v1.{minor}.7" in found.found
    assert found.allowed.startswith("1.30 or newer")
    assert "would cut requests" in found.allowed


class TestStorageClasses:
    """What the volumes ask for, and the cluster offers."""

    def test_a_class_that_the_cluster_does_not_have(self, settings: dict[str, Any]) -> None:
        found = problem(settings, {"volumes": {"logs": {"storageClass": "fast"}, "data": {"storageClass": "slow"}}})
        assert found.key == "mimir:volumes.logs.storageClass"
        assert '"fast"' in found.found
        assert found.allowed == "one of: slow, standard"
        assert found.fix == "pulumi config set --path 'mimir:volumes.logs.storageClass' slow"

    @pytest.mark.parametrize("default", [None, False])
    def test_no_class_named_and_no_default_one(self, api: Api, settings: dict[str, Any], default: bool | None) -> None:
        api.there[CLASSES] = {"items": [storage_class("slow", default)]}
        found = look(settings, {"volumes": {"data": {"storageClass": "slow"}}})
        assert isinstance(found, list)
        assert [one.key for one in found] == [f"mimir:volumes.{name}.storageClass" for name in ("logs", "plugins")]
        assert all("no default storage class" in one.found for one in found)

    def test_no_class_at_all(self, api: Api, settings: dict[str, Any]) -> None:
        api.there[CLASSES] = {"items": []}
        found = look(settings)
        assert isinstance(found, list)
        assert len(found) == 3
        assert "none at all" in found[0].allowed

    def test_whoever_may_not_list_them_is_believed(self, api: Api, settings: dict[str, Any]) -> None:
        api.there[CLASSES] = 403
        assert isinstance(look(settings, {"volumes": {"data": {"storageClass": "fast"}}}), Cluster)


@pytest.mark.parametrize("path", ["/version", KUBE_SYSTEM, CLASSES])
def test_credentials_that_are_refused_are_named_with_their_context(
    api: Api, settings: dict[str, Any], path: str
) -> None:
    api.there[path] = 401
    found = problem(settings)
    assert found.key == "mimir:kubernetes.context"
    assert '"test" refuses this user (401 Unauthorized)' in found.found
    file = settings["kubernetes"]["kubeconfig"]
    assert found.fix == f"kubectl --kubeconfig {file} --context test auth can-i --list"


@pytest.mark.parametrize("name", ["My-Stack", "my_stack", "-dev", "dev-", "a.b", "x" * 58])
def test_a_stack_whose_name_no_object_may_bear(api: Api, settings: dict[str, Any], name: str) -> None:
    result = cluster.inspect_cluster(Settings.model_validate(settings), name)
    assert isinstance(result, list)
    assert [(one.key, one.found) for one in result] == [("the stack's name", f'"{name}"')]


@pytest.mark.parametrize("name", ["a", "team-2-prod", "x" * 57])
def test_a_stack_whose_name_is_fine(api: Api, settings: dict[str, Any], name: str) -> None:
    assert isinstance(cluster.inspect_cluster(Settings.model_validate(settings), name), Cluster)


@pytest.mark.parametrize("path", ["/version", KUBE_SYSTEM, CLASSES])
def test_a_server_in_trouble_does_not_refuse_anybody(api: Api, settings: dict[str, Any], path: str) -> None:
    api.there[path] = 503
    found = problem(settings)
    assert found.key == "mimir:kubernetes.context"
    assert "(503 Service Unavailable)" in found.found
    assert "refuses" not in found.found


@pytest.mark.parametrize("answer", ["<html>", {}, {**VERSION, "major": "", "minor": ""}])
def test_something_else_at_that_address_is_no_cluster(api: Api, settings: dict[str, Any], answer: Any) -> None:
    api.there["/version"] = answer
    assert "no Kubernetes API" in problem(settings).found


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """A port of this machine that nobody listens on, until a test listens."""
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        yield port


def test_one_that_is_away(deaf: socket.socket, tmp_path: Path) -> None:
    url = f"https://127.0.0.1:{deaf.getsockname()[1]}"
    found = problem(naming(url, tmp_path))
    assert found.key == "mimir:kubernetes.context"
    assert found.found == f'no cluster answers at {url} for "test" ([Errno 111] Connection refused)'
    assert found.fix.startswith(f"kubectl --kubeconfig {tmp_path}/kubeconfig --context test version")
    assert "make cluster" in found.fix, "on this machine it may be the test cluster"


def test_one_that_says_nothing_is_waited_for_only_once(
    deaf: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_server, "TIMEOUT_SECONDS", 0.5)
    deaf.listen()
    assert "(timed out)" in problem(naming(f"http://127.0.0.1:{deaf.getsockname()[1]}", tmp_path)).found
    deaf.setblocking(False)
    deaf.accept()[0].close()
    with pytest.raises(BlockingIOError):  # the client's retries would make it four times as long
        deaf.accept()


def test_one_that_hangs_up_is_quoted_without_the_clients_wrapping(deaf: socket.socket, tmp_path: Path) -> None:
    deaf.listen()

    def hang_up() -> None:
        with deaf.accept()[0] as connection:
            connection.recv(65_536)

    thread = threading.Thread(target=hang_up, daemon=True)
    thread.start()
    found = problem(naming(f"http://127.0.0.1:{deaf.getsockname()[1]}", tmp_path))
    thread.join()
    assert found.found.endswith('for "test" (Remote end closed connection without response)')


def test_a_certificate_that_nobody_knows_is_no_refusal(api: Api, tmp_path: Path) -> None:
    """A server without TLS will do: what it says is no certificate."""
    found = problem(naming(api.url.replace("http:", "https:"), tmp_path))
    assert "no cluster answers at https://127.0.0.1" in found.found
    assert "\n" not in found.found


def test_a_certificate_file_that_is_not_there_is_named(api: Api, tmp_path: Path) -> None:
    settings = naming(api.url.replace("http:", "https:"), tmp_path)
    file = tmp_path / "kubeconfig"
    document = yaml.safe_load(file.read_text())
    document["users"][0]["user"] = {"client-certificate": "me.crt", "client-key": "me.key"}
    file.write_text(yaml.safe_dump(document))
    found = problem(settings)
    assert found.key == "mimir:kubernetes.context"
    assert str(tmp_path / "me.crt") in found.found


def test_a_cluster_on_this_machine_is_reached_past_the_proxy(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    found = look(settings)
    assert isinstance(found, Cluster)
    assert found.client.configuration.proxy is None, "and so is it later"


class TestRegistry:
    """A registry on this machine's loopback is another one to every other machine."""

    @pytest.fixture(autouse=True)
    def elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The cluster's address is another machine's."""
        monkeypatch.setattr(Access, "is_local", property(lambda _: False))

    @pytest.mark.parametrize("address", ["127.0.0.1:5000", "localhost:5000"])
    def test_one_that_the_cluster_cannot_reach(self, settings: dict[str, Any], address: str) -> None:
        found = problem(settings, {"registry": {"address": address}})
        assert found.key == "mimir:registry.address"
        assert address in found.found
        assert found.fix == "pulumi config set --path 'mimir:registry.address' registry.example.com"

    def test_one_that_it_can(self, settings: dict[str, Any]) -> None:
        assert isinstance(look(settings, {"registry": {"address": "registry.example.com"}}), Cluster)


def test_everything_that_it_lacks_is_said_at_once(
    api: Api, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Access, "is_local", property(lambda _: False))
    api.there["/version"] = {**VERSION, "minor": "29"}
    found = look(settings, {"volumes": {"data": {"storageClass": "fast"}}})
    assert isinstance(found, list)
    assert {one.key.removeprefix("mimir:") for one in found} == {
        "kubernetes.context",
        "registry.address",
        "volumes.data.storageClass",
    }
