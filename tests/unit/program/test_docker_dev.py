"""The whole program as a developer varies it: ports, limits, probes, the age of the engine."""

from __future__ import annotations

from typing import Any

import pytest

from components.docker.application_container import go_duration
from components.docker.engine.engine import Engine
from components.edge.edge_spec import PLAIN_PORT
from tests.support import program
from tests.support.monitor import DIGEST
from tests.support.program import Run


def test_dev_logs_everything_as_text(dev: Run) -> None:
    assert dev.env == {
        "MIMIR_PORT": "8080",
        "MIMIR_LOG_LEVEL": "debug",
        "MIMIR_PLUGIN_DIR": "/app/plugins",
        "GOMAXPROCS": "1",
    }
    content = dev.one("Container", "mimir-config-carrier")["uploads"][0]["content"]
    assert "level: debug" in content
    assert "format: text" in content


def test_dev_has_nothing_to_warn_of(dev: Run) -> None:
    assert dev.messages == []


@pytest.mark.parametrize("port", [1024, 9000, 65535])
def test_one_port_everywhere(port: int) -> None:
    run = program.run({"environment": {"port": port}, "probe": {"path": "/alive"}})
    service = run.service
    assert service["command"] == ["--server", str(port)], "the only thing that the application listens to"
    assert service["healthcheck"]["tests"][-1] == f"http://127.0.0.1:{port}/alive"
    assert [(one["internal"], one["external"]) for one in run.edge["ports"]] == [(PLAIN_PORT, port)]
    assert f"application:{port} " in run.edge_files["haproxy.cfg"]
    assert run.env["MIMIR_PORT"] == str(port)
    assert run.outputs["url"] == f"http://127.0.0.1:{port}"
    assert run.outputs["health"] == f"curl -fsS http://127.0.0.1:{port}/alive"
    assert f"port: {port}" in run.one("Container", "mimir-config-carrier")["uploads"][0]["content"]


@pytest.mark.parametrize(("cpus", "threads"), [(0.1, "1"), (1, "1"), (1.5, "2"), (2, "2"), (3.01, "4")])
def test_threads_follow_the_cpu_limit(cpus: float, threads: str) -> None:
    run = program.run({"limits": {"cpus": cpus, "memoryMib": 512, "tmpMib": 8}})
    assert run.env["GOMAXPROCS"] == threads
    assert run.cpus == cpus
    assert run.service["memory"] == run.service["memorySwap"] == 512
    assert "size=8m" in run.service["tmpfs"]["/tmp"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1s"), (30, "30s"), (60, "1m0s"), (90, "1m30s"), (3600, "1h0m0s"), (3661, "1h1m1s")]
)
def test_durations_are_written_as_the_engine_reads_them_back(seconds: int, text: str) -> None:
    assert go_duration(seconds) == text, "any other form is a change at every update"


def test_the_probe_of_the_settings_reaches_the_engine() -> None:
    probe = {"intervalSeconds": 90, "timeoutSeconds": 60, "retries": 7, "startPeriodSeconds": 120}
    run = program.run({"probe": probe})
    check = run.service["healthcheck"]
    assert (check["interval"], check["timeout"], check["startPeriod"]) == ("1m30s", "1m0s", "2m0s")
    assert check["retries"] == 7
    assert check["tests"][3:5] == ["--timeout", "59s"], "a second less than the engine's, to keep its reason"
    assert run.service["waitTimeout"] == 120 + 7 * (90 + 60)


@pytest.mark.parametrize(("api", "interval"), [((1, 41), None), ((1, 43), None), ((1, 44), "1s"), ((2, 0), "1s")])
def test_only_engines_that_know_the_start_interval_are_given_one(api: tuple[int, int], interval: str | None) -> None:
    assert program.run({}, found=Engine(api)).service["healthcheck"].get("startInterval") == interval


@pytest.mark.parametrize(
    ("shutdown", "grace"), [({"graceSeconds": 35}, 35), ({"drainSeconds": 120, "graceSeconds": 125}, 125)]
)
def test_the_grace_of_the_settings_is_what_the_engine_waits(shutdown: dict[str, int], grace: int) -> None:
    service = program.run({"shutdown": shutdown}).service
    assert service["stopTimeout"] == service["destroyGraceSeconds"] == grace


def test_engine_settings_reach_the_engine() -> None:
    docker = {"restart": "on-failure", "bindAddress": "0.0.0.0", "host": "unix:///own.sock"}
    run = program.run({"docker": docker, "volumes": {"protected": []}, "logging": {"maxSizeMib": 3, "maxFiles": 2}})
    assert run.service["restart"] == "on-failure"
    assert run.edge["ports"][0]["ip"] == "0.0.0.0"
    assert run.edge["restart"] == "on-failure"
    assert run.edge["logOpts"] == {"max-size": "3m", "max-file": "2"}
    assert run.service["logOpts"] == {"max-size": "3m", "max-file": "2"}
    assert run.one("docker", "engine")["host"] == "unix:///own.sock"
    assert run.outputs["url"] == "http://127.0.0.1:8080", "0.0.0.0 is no address to visit"
    assert not [one.name for one in run.resources if one.options.protect]
    retained = [one.name for one in run.resources if one.kind == "Volume" and one.options.retainOnDelete]
    assert retained == ["mimir-config"], "which holds no data"
    assert any("mimir:edge.authentication.required" in warning for warning in run.warnings)


@pytest.mark.parametrize("host", ["ssh://me@engine.example.com", "tcp://engine.example.com:2376"])
@pytest.mark.parametrize(
    ("bind", "visited"),
    [("0.0.0.0", "engine.example.com"), ("10.0.0.5", "engine.example.com"), ("127.0.0.1", "127.0.0.1")],
)
def test_the_url_names_the_machine_of_the_engine(host: str, bind: str, visited: str) -> None:
    run = program.run({"docker": {"host": host, "bindAddress": bind}, "registry": {"address": "registry.example.com"}})
    assert run.one("docker", "engine")["host"] == host
    assert run.outputs["url"] == f"http://{visited}:8080"


def test_an_address_of_this_machines_own_is_what_the_url_names() -> None:
    assert program.run({"docker": {"bindAddress": "10.0.0.5"}}).outputs["url"] == "http://10.0.0.5:8080"


def test_an_engine_that_counts_no_swap_is_given_no_limit_of_it() -> None:
    service = program.run({}, found=Engine((1, 47), swap_limit=False)).service
    assert service["memory"] == 256
    assert service.get("memorySwap") is None, "the engine drops it, and every update would be a change"


def test_a_volume_that_every_configuration_change_replaces_is_not_protected(dev: Run) -> None:
    assert not dev.resource("Volume", "mimir-config").options.protect


def test_another_configuration_is_another_volume_and_the_same_one_is_not(dev: Run) -> None:
    def volume(run: Run) -> Any:
        return run.one("Volume", "mimir-config")["name"]

    config = program.stack_config("dev")
    assert volume(program.run({**config, "limits": {"cpus": 2}})) == volume(dev)
    assert volume(program.run({**config, "environment": {"logLevel": "WARN"}})) != volume(dev)


def test_image_settings_reach_the_builder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.source.main_package.problem", lambda *_: None)  # the sample has no such folder
    image = {
        "goImage": "mirror/go:1",
        "baseImage": "mirror/static",
        "platforms": ["linux/arm64"],
        "builder": "big",
        "noCache": True,
    }
    registry = {"address": "registry.example.com", "repository": "team/mimir", "insecure": True}
    run = program.run({"image": image, "registry": registry, "source": {"package": "./cmd/server"}})
    built = run.one("Image")
    assert built["buildArgs"]["GO_IMAGE"] == "mirror/go:1"
    assert built["buildArgs"]["BASE_IMAGE"] == "mirror/static"
    assert built["buildArgs"]["PACKAGE"] == "./cmd/server"
    assert built["platforms"] == run.outputs["platforms"] == ["linux/arm64"]
    assert built["builder"] == {"name": "big"}
    assert built["noCache"] is True
    assert built["exports"][0]["raw"].endswith(",registry.insecure=true")
    assert built["tags"][0].startswith("registry.example.com/team/mimir:")
    assert run.service["image"] == f"registry.example.com/team/mimir@{DIGEST}"
