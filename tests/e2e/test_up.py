"""`pulumi up`, looked at from outside: the service, the container, the image, the volumes."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from typing import cast

import docker
import pytest
import requests
from docker.models.containers import Container

from tests.e2e.conftest import NewStack
from tests.support.e2e import http
from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import Stack, eventually

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Iterator[Stack]:
    stack = new_stack(limits={"cpus": 0.5, "memoryMib": 96, "pids": 100})
    stack.up().ok()
    yield stack


@pytest.fixture
def container(stack: Stack, engine: docker.DockerClient) -> Container:
    return engine.containers.get(stack.outputs()["container"])


def test_the_service_answers_and_the_engine_calls_it_healthy(stack: Stack, container: Container) -> None:
    url = stack.outputs()["url"]
    answer = http.get(url, "/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert container.attrs["State"]["Health"]["Status"] == "healthy"
    assert url == f"http://127.0.0.1:{stack.config['environment']['port']}"


def test_a_second_up_and_a_preview_change_nothing(stack: Stack) -> None:
    stack.preview("--expect-no-changes").ok()
    stack.up("--expect-no-changes").ok()


def test_the_container_is_hardened(container: Container) -> None:
    host, config = container.attrs["HostConfig"], container.attrs["Config"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"] and not host["CapAdd"] and not host["Privileged"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert config["User"] == "65532:65532"
    assert host["CpuQuota"] / host["CpuPeriod"] == 0.5
    assert (host["Memory"], host["MemorySwap"]) == (96 << 20, 96 << 20)
    assert host["PidsLimit"] == 100
    assert "noexec" in host["Tmpfs"]["/tmp"]
    assert host["RestartPolicy"]["Name"] == "always"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "5"}}
    assert config["StopTimeout"] >= 35
    assert "GOMAXPROCS=1" in config["Env"]
    assert not host["PortBindings"], "the edge's are the only ones"


def test_the_four_volumes_are_mounted_and_the_configuration_cannot_be_written(container: Container) -> None:
    writable = {mount["Destination"]: mount["RW"] for mount in container.attrs["Mounts"]}
    assert writable == {
        "/app/data": True,
        "/app/logs": True,
        "/app/plugins": True,
        "/app/config": False,
        "/etc/mimir": False,
    }


def test_the_configuration_file_is_in_effect(stack: Stack) -> None:
    shown = http.get(stack.behind(), "/api/v1/config").json()
    assert shown["plugins"]["plugin_configs"]["config_digest"].startswith("sha256-")
    assert shown["plugins"]["directories"] == ["/app/plugins"]


def test_the_registry_holds_both_architectures_under_the_deployed_digest(stack: Stack, container: Container) -> None:
    ref = stack.outputs()["image"]
    index = http.manifest(ref)
    platforms = {f"{one['platform']['os']}/{one['platform']['architecture']}" for one in index["manifests"]}
    assert platforms == {"linux/amd64", "linux/arm64"}
    assert container.attrs["Config"]["Image"] == ref and "@sha256:" in ref


def test_the_image_holds_the_binary_and_nothing_to_break_in_with(stack: Stack, container: Container) -> None:
    exported = io.BytesIO()
    for part in container.export():
        exported.write(cast(bytes, part))  # the stub says str
    exported.seek(0)
    with tarfile.open(fileobj=exported) as archive:
        found = {one.name for one in archive if one.isfile()}
    engine_made = {"dev", "proc", "sys", ".dockerenv", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"}
    files = found - engine_made
    allowed = {"app/mimir", "probe", "etc/passwd", "etc/group", "etc/ssl/certs/ca-certificates.crt"}
    volumes = ("app/data/", "app/logs/", "app/plugins/", "app/config/", "etc/mimir/")
    assert {name for name in files if not name.startswith((*volumes, "dev/"))} == allowed
    for one in http.manifest(stack.outputs()["image"])["manifests"]:
        repository = stack.outputs()["image"].split("@")[0]
        image = http.manifest(f"{repository}@{one['digest']}")
        config = json.loads(http.blob(stack.outputs()["image"], image["config"]["digest"]))
        assert config["config"]["User"] == "65532:65532"
        assert config["config"]["Healthcheck"]["Test"][:3] == ["CMD", "/probe", "http"]
        labels = {name.rpartition(".")[2]: value for name, value in config["config"]["Labels"].items()}
        assert labels["title"] == "mimir" and labels["created"] == "1970-01-01T00:00:00+00:00"
        assert labels["version"].startswith("content-"), "the test's copy is under no version control"
        assert sum(layer["size"] for layer in image["layers"]) < 100 << 20  # plan: Performance


def test_a_container_that_somebody_removed_is_made_anew(stack: Stack, container: Container) -> None:
    url = stack.outputs()["url"]
    http.note(url, "before the removal")
    container.remove(force=True)
    text = stack.up().failed().text
    assert "removed behind Pulumi's back" in text and "pulumi up --refresh" in text and "Traceback" not in text
    stack.up("--refresh").ok()
    assert http.notes(url) == ["before the removal"]


def test_another_checkout_does_not_take_over_what_runs(stack: Stack, new_stack: NewStack) -> None:
    """The same stack name on the same engine, but with a state of its own."""
    other = new_stack(environment={"port": free_port()})
    twin = Stack(other.folder, stack.name, other.config, other.backend)
    text = twin.up().failed().text
    assert "another checkout deployed it" in text and f"mimir-{stack.name}-edge" in text
    assert http.get(stack.outputs()["url"], "/health").ok
    stack.up("--refresh").ok()


def test_a_crashed_process_is_restarted(stack: Stack, container: Container) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{stack.behind()}/api/v1/protected/crash", json={}, timeout=5)
    eventually("healthy again", lambda: http.get(stack.outputs()["url"], "/health").ok)
    container.reload()
    assert container.attrs["RestartCount"] == 1
    assert container.attrs["HostConfig"]["PidsLimit"] == 100
