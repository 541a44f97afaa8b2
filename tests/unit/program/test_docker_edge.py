"""The edge on an engine: the only door, hardened, and with no secret that anybody else can read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.edge.edge_spec import METRICS_PORT, PLAIN_PORT, TLS_PORT
from components.edge.haproxy import files
from components.edge.self_signed import make
from tests.support import program, property_wire
from tests.support.configuration import merged
from tests.support.monitor import CERTIFICATE, DIGEST, SUFFIX
from tests.support.program import SECRET, Run
from tests.support.property_wire import Secret

HASH = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
CRYPT = "$6$salt$" + "x" * 86
GUARDED: dict[str, Any] = {
    "environment": {"jwtSecret": SECRET},
    "edge": {"authentication": {"required": True, "apiKeys": {"ci": HASH}, "users": {"eve": CRYPT}}},
}
NO_EDGE: dict[str, Any] = {"edge": {"kind": "none"}}
ALONE = ({"environment": {"dbPath": "/app/data/mimir.db"}}, {"liveReload": True})
"""Stacks with an edge of which two containers must not run at once."""


def everything(run: Run) -> str:
    """Everything of a run that anybody may read."""
    shown = [property_wire.in_the_clear(one.inputs) for one in run.resources]
    return " ".join([*shown, property_wire.in_the_clear(dict(run.outputs)), *(text for _, text in run.messages)])


def test_the_application_is_reached_through_the_edge_only(on_engine: Run) -> None:
    assert not on_engine.service.get("ports")
    published = {
        one.name: one.inputs["ports"]
        for one in on_engine.resources
        if one.kind == "Container" and one.inputs.get("ports")
    }
    inside = TLS_PORT if on_engine.outputs["url"].startswith("https") else PLAIN_PORT
    assert published == {"mimir-edge": [{"internal": inside, "external": 8080, "ip": "127.0.0.1"}]}


@pytest.mark.parametrize("bind", ["127.0.0.1", "0.0.0.0", "10.0.0.5"])
def test_the_metrics_never_leave_the_engines_machine(bind: str) -> None:
    run = program.run({"docker": {"bindAddress": bind, "metricsPort": 9191}})
    ports = {one["internal"]: (one["external"], one["ip"]) for one in run.edge["ports"]}
    assert ports == {PLAIN_PORT: (8080, bind), METRICS_PORT: (9191, "127.0.0.1")}
    assert run.outputs["metrics"] == "http://127.0.0.1:9191/metrics http://127.0.0.1:9191/metrics/application"


def test_without_a_port_only_the_network_has_them(dev: Run) -> None:
    where = "http://mimir-dev-edge:9090/metrics http://mimir-dev-edge:9090/metrics/application"
    assert dev.outputs["metrics"] == f"{where}   # from a container of network mimir-dev"


def test_it_has_no_right_that_it_does_not_need(on_engine: Run) -> None:
    edge = on_engine.edge
    assert edge["readOnly"] is True
    assert edge["user"] == "65532:65532"
    assert edge["capabilities"] == {"drops": ["ALL"]}
    assert edge["securityOpts"] == ["no-new-privileges:true"]
    assert not edge.get("privileged")
    assert edge["networkMode"] == on_engine.one("Network", "mimir-network")["name"]
    [mount] = edge["mounts"]
    assert mount == {
        "type": "volume",
        "source": on_engine.one("Volume", "mimir-edge-files")["name"],
        "target": files.FOLDER,
        "readOnly": True,
    }
    [(where, options)] = edge["tmpfs"].items()
    assert where == "/run/haproxy", "its own socket, and nothing else"
    assert {"noexec", "nosuid", "nodev", "mode=0700", "uid=65532"} <= set(options.split(","))


def test_it_cannot_take_the_machine_with_it(on_engine: Run) -> None:
    edge = on_engine.edge
    assert edge["memory"] == edge["memorySwap"] == 128
    assert edge["cpuQuota"] == edge["cpuPeriod"]
    assert edge["logOpts"] == {"max-size": "10m", "max-file": "5"}
    assert edge["healthcheck"]["tests"][-1] == "http://127.0.0.1:9090/ready"


def test_it_comes_back_with_the_application(on_engine: Run) -> None:
    """Whatever became of the engine; with `unless-stopped` it would stay down after a signal, too."""
    assert on_engine.edge["restart"] == on_engine.service["restart"] == "always"


def test_its_end_leaves_time_for_every_request(on_engine: Run) -> None:
    edge, application = on_engine.edge, on_engine.service
    assert edge["stopSignal"] == "SIGUSR1", "SIGTERM cuts every connection"
    assert edge["stopTimeout"] == edge["destroyGraceSeconds"] >= application["stopTimeout"]
    timeouts = on_engine.resource("Container", "mimir-edge").options.customTimeouts
    assert int(timeouts.delete.removesuffix("s")) > edge["destroyGraceSeconds"], "or Pulumi gives up first"


def test_it_starts_when_its_files_are_there_and_they_name_who_serves(on_engine: Run) -> None:
    assert "mimir-edge-carrier" in on_engine.resource("Container", "mimir-edge").waits_for
    carrier = on_engine.one("Container", "mimir-edge-carrier")
    assert (carrier["start"], carrier["mustRun"], carrier["networkMode"]) == (False, False, "none")
    [mount] = carrier["mounts"]
    assert (mount["source"], mount["target"]) == (on_engine.edge["mounts"][0]["source"], files.FOLDER)
    name = on_engine.outputs["container"]
    assert f"server {name} {name}:8080 " in on_engine.edge_files["haproxy.cfg"]
    assert "server application application:8080 " in on_engine.edge_files["haproxy.cfg"]
    assert name.endswith(SUFFIX)


def networks_of(run: Run) -> tuple[str, dict[str, bool]]:
    """The name of the network that the application is in, and for each network of the stack whether it is internal."""
    made = {one.inputs["name"]: bool(one.inputs.get("internal")) for one in run.resources if one.kind == "Network"}
    advanced = run.service.get("networksAdvanced") or [{"name": run.service["networkMode"]}]
    return advanced[0]["name"], made


def test_the_application_has_no_way_out(on_engine: Run) -> None:
    name = on_engine.one("Network", "mimir-network")["name"]
    assert networks_of(on_engine) == (f"{name}-internal", {name: False, f"{name}-internal": True})
    assert on_engine.edge["networkMode"] == name, "an engine publishes no port from an internal network"


def test_the_network_of_an_existing_stack_does_not_change(dev: Run) -> None:
    """Another value of `internal`, `False` for one that was left out, would replace it, and everything in it."""
    assert dev.one("Network", "mimir-network").keys() == {"name", "driver", "labels"}


def test_the_edge_is_in_the_internal_network_before_the_application_is(dev: Run) -> None:
    edge = dev.resource("Container", "mimir-edge")
    assert list(edge.options.hooks.after_create) == ["mimir-edge-networks"]
    assert "mimir-internal" in edge.waits_for, "and goes before that network does"


@pytest.mark.parametrize(
    "config",
    [{"network": {"egress": [{"cidr": "10.0.0.0/8"}]}}, {"liveReload": True}],
    ids=["egress", "development mode downloads modules"],
)
def test_an_application_that_connects_to_others_has_a_way_out(config: dict[str, Any]) -> None:
    run = program.run(config)
    assert networks_of(run) == ("mimir-dev", {"mimir-dev": False, "mimir-dev-internal": True})
    assert any("mimir:network.egress" in warning for warning in run.warnings) == ("network" in config)


def test_an_application_that_publishes_its_port_itself_has_a_way_out() -> None:
    run = program.run(NO_EDGE)
    assert networks_of(run) == ("mimir-dev", {"mimir-dev": False})
    assert any("mimir:edge.kind: none" in warning for warning in run.warnings)


def test_the_application_is_not_touched_before_the_edges_image_is_there(on_engine: Run) -> None:
    assert "mimir-edge-image" in on_engine.in_role("service").waits_for


def test_another_configuration_of_the_edge_is_another_content_of_the_same_volume(dev: Run) -> None:
    """A container that was replaced for it would leave its port closed for a while."""
    changed = program.run({**program.stack_config("dev"), "edge": {"corsOrigins": ["https://app.example.com"]}})
    assert changed.edge_files != dev.edge_files
    assert changed.edge == dev.edge
    assert changed.one("Volume", "mimir-edge-files") == dev.one("Volume", "mimir-edge-files")
    assert changed.service == dev.service


def test_another_image_or_configuration_of_the_application_leaves_the_edge_alone(dev: Run) -> None:
    changed = program.run({"environment": {"logLevel": "WARN"}, "limits": {"cpus": 2}})
    assert changed.edge == dev.edge
    assert changed.service != dev.service


def test_no_secret_of_the_edge_can_be_read_by_others() -> None:
    run = program.run(merged(GUARDED, {"edge": {"tls": {"mode": "selfSigned"}}}))
    shown = everything(run)
    for secret in (SECRET, HASH, CRYPT, CERTIFICATE["key"]):
        assert secret not in shown
    uploads = run.resource("Container", "mimir-edge-carrier")
    assert "uploads" in uploads.options.additionalSecretOutputs, "what the provider reads back is one too"
    held = run.edge_files
    assert f"{HASH} ci" in held["keys.map"]
    assert CRYPT in held["users.cfg"]
    assert held["certificate.pem.key"] == CERTIFICATE["key"]
    assert "jwt_verify" in held["haproxy.cfg"]
    for secret in (SECRET, HASH, CRYPT, CERTIFICATE["key"]):
        assert secret not in held["haproxy.cfg"], "errors about that file are shown"


def test_the_application_gets_no_secret_of_the_edge() -> None:
    run = program.run(GUARDED)
    said = json.dumps([one.value if isinstance(one, Secret) else one for one in run.service["envs"]])
    carried = str(run.one("Container", "mimir-config-carrier")["uploads"])
    for secret in (SECRET, HASH, CRYPT):
        assert secret not in said + carried


def test_tls_off_is_plain_http(dev: Run) -> None:
    assert dev.outputs["url"].startswith("http://")
    assert not [one for one in dev.resources if one.options.type.startswith("pulumi-python:")]
    assert "certificate.pem" not in dev.edge_files


def test_a_certificate_is_made_for_where_it_is_reached() -> None:
    run = program.run({"edge": {"tls": {"mode": "selfSigned"}, "hosts": ["mimir.example.com"]}})
    assert run.one("Resource")["hosts"] == ["mimir.example.com", "localhost", "127.0.0.1"]
    assert run.edge_files["certificate.pem"] == CERTIFICATE["chain"]
    assert "key" in run.resource("Resource").options.additionalSecretOutputs
    assert [one["internal"] for one in run.edge["ports"]] == [TLS_PORT]
    assert run.outputs["url"] == "https://127.0.0.1:8080"
    by_name = "--connect-to ::127.0.0.1:8080 https://mimir.example.com:8080/health"  # the edge knows no other name
    assert run.outputs["health"] == f"curl -fsS --insecure {by_name}"


def test_a_given_certificate_is_used_and_its_key_kept() -> None:
    pair = make(["mimir.example.com"])
    tls = {"mode": "given", "certificate": pair["chain"], "key": pair["key"]}
    run = program.run({"edge": {"tls": tls, "port": 8443}})
    assert run.edge_files["certificate.pem"] == pair["chain"]
    assert run.edge_files["certificate.pem.key"] == pair["key"]
    assert pair["key"].splitlines()[1] not in everything(run)
    assert run.outputs["url"] == "https://127.0.0.1:8443"
    assert "--insecure" not in run.outputs["health"]


def test_plain_requests_are_sent_to_https_where_that_is_asked_for() -> None:
    run = program.run({"edge": {"tls": {"mode": "selfSigned"}, "port": 8443, "redirectPort": 8081}})
    ports = {one["internal"]: one["external"] for one in run.edge["ports"]}
    assert ports == {TLS_PORT: 8443, PLAIN_PORT: 8081}


def test_a_preview_of_a_certificate_that_is_not_made_yet() -> None:
    run = program.run({"edge": {"tls": {"mode": "selfSigned"}}}, preview=True)
    assert run.one("Container", "mimir-edge-carrier")["uploads"] == property_wire.UNKNOWN
    assert run.switched == []


@pytest.mark.parametrize("config", ALONE, ids=["a database file", "development mode"])
def test_where_only_one_may_write_the_old_container_ends_first(config: dict[str, Any]) -> None:
    run = program.run(config)
    service = run.in_role("service")
    assert service.inputs["name"] == "mimir-dev"
    assert service.options.deleteBeforeReplace
    assert list(service.options.hooks.before_create) == ["mimir-volumes", "mimir-leftover-container", "mimir-networks"]
    assert not service.inputs.get("ports"), "behind the edge all the same"
    assert "server mimir-dev mimir-dev:8080 " in run.edge_files["haproxy.cfg"]


def test_without_an_edge_the_application_itself_is_published() -> None:
    run = program.run(NO_EDGE)
    service = run.in_role("service")
    assert service.inputs["name"] == "mimir-dev"
    assert service.inputs["ports"] == [{"internal": 8080, "external": 8080, "ip": "127.0.0.1"}]
    assert service.inputs["networkMode"] == "mimir-dev"
    assert not service.inputs.get("networksAdvanced")
    assert service.options.deleteBeforeReplace, "its name and its port are taken"
    assert list(service.options.hooks.before_create) == ["mimir-volumes", "mimir-leftover-container"]
    assert not [one.name for one in run.resources if "edge" in one.name]
    assert not {"edge", "access_log", "metrics"} & run.outputs.keys()
    assert run.outputs["container"] == "mimir-dev"
    assert run.outputs["url"] == "http://127.0.0.1:8080"
    assert run.switched == []
    assert run.proved == ["mimir-id"]


def test_whose_port_is_open_to_others_without_an_edge_is_warned() -> None:
    run = program.run({**NO_EDGE, "docker": {"bindAddress": "0.0.0.0"}})
    assert any("mimir:docker.bindAddress" in warning for warning in run.warnings)


def test_an_image_of_ones_own_is_pulled_and_pinned() -> None:
    run = program.run({"edge": {"image": "registry.example.com/haproxy:3"}})
    assert run.one("RemoteImage", "mimir-edge-image")["name"] == "registry.example.com/haproxy:3"
    assert run.edge["image"] != run.service["image"] == f"127.0.0.1:5000/mimir@{DIGEST}"
    assert "@sha256:" in run.edge["image"]
