"""Each setting, changed alone: whatever it changes on a platform is something that the platform's provider acts upon.

The comparison has no direction, so it is about a value that is set, changed back, or removed.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import chain
from typing import Any

import pytest

from components.application import application
from components.kubernetes.cluster import permissions
from tests.support.configuration import settings
from tests.support.each_setting import BUILD, NOT_ALONE, configurations, run, settings_of
from tests.support.monitor import SUFFIX, Resource
from tests.support.settings_tables import every_setting

REPLACED = {
    *("name", "readOnly", "image", "hostname", "domainname", "command", "entrypoints", "user", "dns", "dnsOpts"),
    *("dnsSearches", "publishAllPorts", "workingDir", "capabilities", "securityOpts", "runtime", "platform"),
    *("stopSignal", "stopTimeout", "volumes", "ports", "hosts", "ulimits", "envs", "privileged", "devices"),
    *("labels", "shmSize", "logDriver", "logOpts", "networkMode", "networksAdvanced", "pidMode", "usernsMode"),
    *("uploads", "sysctls", "ipcMode", "groupAdds", "tty", "stdinOpen", "storageOpts", "gpus", "cpus", "cgroupnsMode"),
}
"""Arguments of a container of which every part is `ForceNew` (kreuzwerker/terraform-provider-docker, schema)."""

UPDATED = {
    *("restart", "maxRetryCount", "memory", "memorySwap", "memoryReservation", "cpuShares", "cpuSet"),
    *("deviceReadBps", "deviceReadIops", "deviceWriteBps", "deviceWriteIops"),
}
"""Those that a running container gets (`resourceDockerContainerUpdate`)."""

ENFORCED = {"cpuPeriod", "cpuQuota"}
"""Those that the provider leaves alone, and this program sets (`docker.rollout.verification.enforce_limits`)."""

OF_THE_PROVIDER = {
    "wait",
    "waitTimeout",
    "destroyGraceSeconds",
    "removeVolumes",
    "rm",
    "start",
    "mustRun",
    "logs",
    "attach",
}
"""Those that say what the provider does when it creates or deletes, and nothing of what runs."""


@cache
def resources(config: str) -> dict[tuple[str, str], Resource]:
    """Everything that a stack asks for, by type and name."""
    return {(one.options.type, one.name): one for one in run(config).resources}


def changes(platform: str, key: str, value: Any) -> list[tuple[Resource, Resource]]:
    """What is on the platform before and after `key` gets `value`, as far as it differs."""
    base, changed = configurations(platform, key, value)
    before, after = resources(json.dumps(base)), resources(json.dumps(changed))
    return [(before[name], after[name]) for name in before.keys() & after if differing(before[name], after[name])]


def differing(before: Resource, after: Resource) -> set[str]:
    """The names of the properties that differ."""
    names = before.inputs.keys() | after.inputs
    return {name for name in names if before.inputs.get(name) != after.inputs.get(name)}


@pytest.mark.parametrize("key", settings_of("docker"))
def test_an_engine_acts_upon_every_change(key: str) -> None:
    for before, after in chain.from_iterable(changes("docker", key, value) for value in settings_of("docker")[key]):
        if after.kind == "Container":
            changed = differing(before, after)
            if changed & (REPLACED | set(after.options.replaceOnChanges)):
                continue
            ignored = changed - UPDATED - ENFORCED - OF_THE_PROVIDER
            assert not ignored, f"{key}: {after.name} goes on as it is, but for what the state says: {ignored}"


@pytest.mark.parametrize("key", settings_of("kubernetes"))
def test_pods_roll_when_what_they_mount_changes(key: str) -> None:
    """A pod reads its files when it starts, so a file that changes is another object, under another name."""
    value = settings_of("kubernetes")[key][-1]
    _, config = configurations("kubernetes", key, value)
    for _, after in changes("kubernetes", key, value):
        if after.kind in ("ConfigMap", "Secret"):
            assert after.inputs["immutable"] is True, f"{key}: {after.name} changes under its pods"
            assert "name" not in after.inputs["metadata"], f"{key}: {after.name} cannot be beside its successor"
            templates = [one.inputs["spec"]["template"] for one in run(json.dumps(config)).resources if is_pods(one)]
            assert f'"{after.name}-{SUFFIX}"' in json.dumps(templates), f"{key}: no pod rolls for {after.name}"


@pytest.mark.parametrize("key", settings_of("kubernetes"))
def test_the_permissions_that_are_asked_for_are_those_of_what_is_created(key: str) -> None:
    """So that a new object cannot be forgotten in `permissions.KINDS`."""
    for config in configurations("kubernetes", key, settings_of("kubernetes")[key][-1]):
        made = {one.kind for one in run(json.dumps(config)).resources if one.options.type.startswith("kubernetes:")}
        loaded = settings(config)
        assert permissions.created_kinds(loaded, application.describe(loaded, "dev")) == made, key


def is_pods(resource: Resource) -> bool:
    """Whether a resource makes pods."""
    return resource.kind == "Deployment"


def test_every_setting_is_walked_through() -> None:
    """Or the tables have values that no platform takes."""
    walked = {*settings_of("docker"), *settings_of("kubernetes"), *NOT_ALONE}
    assert {key for key in every_setting() if not key.startswith(BUILD)} == walked
