"""What runs, read back from what each platform was asked for, in terms that know no platform."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.monitor import SUFFIX, Resource
from tests.support.program import Run
from tests.support.property_wire import Secret


@dataclass(frozen=True)
class Probe:
    """A health probe: what it asks, and in which times, in seconds."""

    command: tuple[str, ...]
    interval: int
    timeout: int
    retries: int
    start_deadline: int


@dataclass(frozen=True)
class Rendered:
    """What both platforms have a word for.

    Attributes:
        volumes: for each, its paths and whether each is read-only.
        files: names and contents of the configuration files.
        login: registry, user and password with which the image is pulled.
        tmp: size of /tmp in MiB.
        grace: seconds between the order to end and the kill.
    """

    image: str
    arguments: tuple[str, ...]
    working_directory: str
    user: str
    env: Mapping[str, str]
    secret_env: Mapping[str, str]
    volumes: Mapping[str, Mapping[str, bool]]
    protected: frozenset[str]
    files: Mapping[str, Any]
    port: int
    cpus: float
    memory: int
    tmp: int
    grace: int
    probe: Probe
    login: tuple[str, str, str] | None


def on_docker(run: Run) -> Rendered:
    """What an engine was asked to run."""
    service, check = run.service, run.service["healthcheck"]
    [published] = run.edge["ports"]
    behind = set(re.findall(r"^  server \S+ [^:\s]+:(\d+) ", run.edge_files["haproxy.cfg"], re.MULTILINE))
    assert behind == {str(int(published["external"]))}, "one port, unless `edge.port` says another"
    assert service["stopTimeout"] == service["destroyGraceSeconds"]
    volumes: dict[str, dict[str, bool]] = {}
    for mount in service["mounts"]:
        name = mount["source"].removeprefix(f"{run.one('Network', 'mimir-network')['name']}-").split("-")[0]
        volumes.setdefault(name, {})[mount["target"]] = mount["readOnly"]
    hidden = [one.value for one in service["envs"] if isinstance(one, Secret)]
    auth = json.loads(run.one("docker", "engine")["registryAuth"].value) if _has_login(run) else []
    uploads = run.one("Container", "mimir-config-carrier")["uploads"]
    return Rendered(
        image=service["image"],
        arguments=tuple(service["command"]),
        working_directory=service["workingDir"],
        user=service["user"],
        env=run.env,
        secret_env=dict(one.split("=", 1) for one in hidden),
        volumes=volumes,
        protected=_protected(run, "Volume"),
        files={one["file"].rpartition("/")[2]: one["content"] for one in uploads},
        port=int(behind.pop()),
        cpus=run.cpus,
        memory=int(service["memory"]),
        tmp=int(re.findall(r"size=(\d+)m", service["tmpfs"]["/tmp"])[0]),
        grace=int(service["stopTimeout"]),
        probe=Probe(
            command=tuple(check["tests"][1:]),
            interval=_seconds(check["interval"]),
            timeout=_seconds(check["timeout"]),
            retries=int(check["retries"]),
            start_deadline=int(service["waitTimeout"]),
        ),
        login=next(((one["address"], one["username"], one["password"]) for one in auth), None),
    )


def on_kubernetes(run: Run) -> Rendered:
    """What a cluster was asked to run."""
    container, pod = run.pod_container, run.pod
    names = {one["name"]: one for one in pod["volumes"]}
    volumes: dict[str, dict[str, bool]] = {}
    for mount in container["volumeMounts"]:
        if mount["mountPath"] != "/tmp":
            volumes.setdefault(_volume(run, names[mount["name"]]), {})[mount["mountPath"]] = mount["readOnly"]
    user, limits = container["securityContext"], container["resources"]["limits"]
    startup, alive, ready = (container[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness"))
    [port] = container["ports"]
    assert [one["port"] for one in run.one("Service", "mimir-service")["spec"]["ports"]] == [port["containerPort"]]
    assert alive["exec"]["command"][-1].endswith(f":{int(port['containerPort'])}{ready['httpGet']['path']}")
    for key in ("timeoutSeconds", "failureThreshold"):
        assert alive[key] == ready[key]
    env = {one["name"]: one for one in container["env"]}
    assert len(env) == len(container["env"])
    plain = {name: one["value"] for name, one in env.items() if "value" in one}
    return Rendered(
        image=container["image"],
        arguments=tuple(_expanded(one, plain) for one in container["args"]),
        working_directory=container["workingDir"],
        user=f"{user['runAsUser']:.0f}:{user['runAsGroup']:.0f}",
        env={name: _expanded(value, plain) for name, value in plain.items()},
        secret_env={name: _looked_up(run, one["valueFrom"]) for name, one in env.items() if name not in plain},
        volumes=volumes,
        protected=_protected(run, "PersistentVolumeClaim"),
        files=_config(run).inputs["data"],
        port=int(port["containerPort"]),
        cpus=_cpus(limits["cpu"]),
        memory=int(limits["memory"].removesuffix("Mi")),
        tmp=int(names["tmp"]["emptyDir"]["sizeLimit"].removesuffix("Mi")),
        grace=int(pod["terminationGracePeriodSeconds"]),
        probe=Probe(
            command=tuple(alive["exec"]["command"]),
            interval=int(alive["periodSeconds"]),
            timeout=int(alive["timeoutSeconds"]),
            retries=int(alive["failureThreshold"]),
            start_deadline=int(startup["failureThreshold"] * startup["periodSeconds"]),
        ),
        login=_pull_login(run),
    )


def _has_login(run: Run) -> bool:
    return isinstance(run.one("docker", "engine").get("registryAuth"), Secret)


def _protected(run: Run, kind: str) -> frozenset[str]:
    volumes = [one for one in run.resources if one.kind == kind and one.options.protect]
    assert all(one.options.retainOnDelete for one in volumes)
    return frozenset(one.name.removeprefix("mimir-volumes-") for one in volumes)


def _seconds(duration: str) -> int:
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([hms])", duration))


def _cpus(quantity: str) -> float:
    return int(quantity.removesuffix("m")) / 1000 if quantity.endswith("m") else float(quantity)


def _volume(run: Run, volume: dict[str, Any]) -> str:
    """The plan's name of what is behind a pod's volume."""
    if "configMap" in volume:
        assert volume["configMap"]["name"] == f"{_config(run).name}-{SUFFIX}"
        return "config"
    return str(volume["persistentVolumeClaim"]["claimName"]).removeprefix(f"{run.outputs['workload']}-")


def _config(run: Run) -> Resource:
    """The application's configuration."""
    return run.resource("ConfigMap", f"{run.outputs['workload']}-config")


def _secrets(run: Run) -> dict[str, dict[str, str]]:
    """The contents of the cluster's Secrets by their names."""
    made = [one for one in run.resources if one.options.type == "kubernetes:core/v1:Secret"]
    return {f"{one.name}-{SUFFIX}": one.inputs["stringData"].value for one in made}


def _looked_up(run: Run, source: dict[str, Any]) -> str:
    return _secrets(run)[source["secretKeyRef"]["name"]][source["secretKeyRef"]["key"]]


def _expanded(text: str, env: Mapping[str, str]) -> str:
    """`text` as the kubelet hands it on: `$(NAME)` is a variable's value, `$$` is one dollar."""
    return re.sub(r"\$\$|\$\(([^)]*)\)", lambda found: "$" if found[1] is None else env.get(found[1], found[0]), text)


def _pull_login(run: Run) -> tuple[str, str, str] | None:
    for reference in run.pod.get("imagePullSecrets", []):
        auths = json.loads(_secrets(run)[reference["name"]][".dockerconfigjson"])["auths"]
        [(address, login)] = auths.items()
        return address, login["username"], login["password"]
    return None
