"""Every setting: what it accepts, what it refuses, and whether the fix that the error names really is one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import problems_of
from components.section import Section, about
from components.settings import Settings
from tests.unit.configuration import after, at, load, merged, problem, settings
from tests.unit.program import SECRET

COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = "https://git.example.com/a/b.git"

# What another setting must say for a value to make sense (components/rules.py).
NEEDS: dict[str, dict[str, Any]] = {
    "runtime": at("environment.jwtSecret", SECRET),
    "registry.username": at("registry.password", "token"),
    "registry.password": at("registry.username", "ci"),
    "shutdown.drainSeconds": at("shutdown.graceSeconds", 660),
    "probe.timeoutSeconds": at("probe.intervalSeconds", 3600),
    "probe.intervalSeconds": at("probe.timeoutSeconds", 1),
    "docker.host": at("registry.address", "registry.example.com"),
}

GOOD: dict[str, list[Any]] = {
    "platform": ["docker"],
    "runtime": ["development", "production"],
    "contract": ["mimir-b0006f9"],
    "liveReload": [True, False, "true", "false"],
    "source.location": ["./sample", "sample"],
    "source.commit": [COMMIT],
    "source.package": [".", "./cmd/server", "./a.b_c-d"],
    "source.ignore": [[], ["docs/**", "!docs/keep"]],
    "image.platforms": [["linux/amd64"], ["linux/arm64"], ["linux/arm64", "linux/amd64"]],
    "image.goImage": ["golang:1", "mirror.example.com:5000/go@sha256:" + "0" * 64],
    "image.baseImage": ["scratch", "mirror/static"],
    "image.goProxy": ["https://user:pass@proxy.example.com,direct", "off"],
    "image.caBundle": ["Pulumi.yaml"],
    "image.noCache": [True, False, "true"],
    "image.builder": ["default"],
    "registry.address": ["registry.example.com", "localhost:5000", "10.0.0.1:65535"],
    "registry.repository": ["mimir", "team/sub-team/mimir_2.x"],
    "registry.username": ["ci"],
    "registry.password": ["x", "päss wörd"],
    "registry.insecure": [True, False],
    "environment.port": [1024, 65535, "9000"],
    "environment.logLevel": ["DEBUG", "INFO", "WARN", "ERROR"],
    "environment.pluginDir": ["/app/plugins", "/app/plugins/own/more"],
    "environment.jwtSecret": [SECRET],
    "environment.passJwtSecret": [True, False],
    "environment.dbPath": ["/app/data/mimir.db", "/app/data/a/b-c.sqlite3"],
    "environment.maxJobs": [1, 10_000],
    "environment.enableCors": [True, False],
    "environment.variables": [{}, {"HTTP_PROXY": "http://proxy:3128", "_X9": ""}],
    "environment.secretVariables": [{}, {"API_TOKEN": "t0ken"}],
    "probe.path": ["/", "/health?deep=1"],
    "probe.intervalSeconds": [1, 3600],
    "probe.timeoutSeconds": [1, 60],
    "probe.retries": [1, 20],
    "probe.startPeriodSeconds": [1, 600],
    "limits.cpus": [0.1, 64, "0.5"],
    "limits.memoryMib": [32, 65_536],
    "limits.pids": [32, 32_768],
    "limits.tmpMib": [1, 4096],
    "shutdown.drainSeconds": [30, 600],
    "shutdown.graceSeconds": [35, 660],
    "logging.format": ["text", "json"],
    "logging.maxSizeMib": [1, 1024],
    "logging.maxFiles": [1, 100],
    "docker.host": ["unix:///var/run/docker.sock", "tcp://engine:2376", "ssh://me@engine"],
    "docker.bindAddress": ["127.0.0.1", "0.0.0.0", "255.255.255.255"],
    "docker.restart": ["no", "on-failure", "always", "unless-stopped"],
    "docker.protectedVolumes": [[], ["data"], ["data", "logs", "plugins"]],
}

BAD: dict[str, list[Any]] = {
    "platform": ["podman", "Docker", ""],
    "runtime": ["prod", "PRODUCTION", ""],
    "contract": [["mimir-b0006f9"]],
    "liveReload": ["maybe", "2"],
    "source.location": ["", 5, None],
    "source.commit": ["main", COMMIT[:39], COMMIT.upper(), COMMIT + "\n"],
    "source.package": ["", "main.go", "/abs", "./a b", "../outside"],
    "source.ignore": ["docs", {"a": "b"}],
    "image.platforms": [[], ["windows/amd64"], "linux/amd64", ["linux/amd64", "linux/386"]],
    "image.goImage": ["", None],
    "image.baseImage": ["", 1],
    "image.goProxy": [["https://proxy.example.com"], {"url": "x"}],
    "image.caBundle": [["/etc/ca.pem"]],
    "image.noCache": ["maybe", [True]],
    "image.builder": [{"name": "default"}],
    "registry.address": ["https://registry.example.com", "registry.example.com/team", "host:", "a b", ""],
    "registry.repository": ["Mimir", "team//mimir", "/mimir", "mimir:latest", ""],
    "registry.username": ["", ["ci"]],
    "registry.password": [["token"]],
    "registry.insecure": ["maybe"],
    "environment.port": [1023, 65536, 0, -1, "http", 8080.5, None],
    "environment.logLevel": ["debug", "TRACE", "", None],
    "environment.pluginDir": ["/plugins", "/app/plugins/", "/app/pluginsX", "app/plugins", ""],
    "environment.jwtSecret": ["short", [SECRET]],
    "environment.passJwtSecret": ["maybe"],
    "environment.dbPath": ["/tmp/mimir.db", "/app/data", "mimir.db", "/app/data/a b"],
    "environment.maxJobs": [0, 10_001, "many"],
    "environment.enableCors": ["maybe"],
    "environment.variables": ["A=b", ["A=b"], {"A": {"b": "c"}}],
    "environment.secretVariables": ["A=b", {"A": ["b"]}],
    "probe.path": ["health", "", "/a b"],
    "probe.intervalSeconds": [0, 3601, "30s"],
    "probe.timeoutSeconds": [0, 61, "5s"],
    "probe.retries": [0, 21],
    "probe.startPeriodSeconds": [0, 601],
    "limits.cpus": [0, 0.09, 64.1, "two", -1],
    "limits.memoryMib": [31, 65_537, "256m", 256.5],
    "limits.pids": [31, 32_769],
    "limits.tmpMib": [0, 4097],
    "shutdown.drainSeconds": [-1, 601, "30s"],
    "shutdown.graceSeconds": [4, 661],
    "logging.format": ["xml", "JSON"],
    "logging.maxSizeMib": [0, 1025, "10m"],
    "logging.maxFiles": [0, 101],
    "docker.host": ["/var/run/docker.sock", "http://engine", "unix://"],
    "docker.bindAddress": ["localhost", "127.0.0", "::1", "127.0.0.1:80", ""],
    "docker.restart": ["never", True],
    "docker.protectedVolumes": ["data", ["backups"], ["data", "backups"], ["config"], ["data", "config"]],
}

SECRETS = {f"{section}.{name}" for section, name in problems_of.secret_settings()}


def every_setting() -> set[str]:
    """The keys of all settings, from the model itself."""
    keys = set()
    for name, field in Settings.model_fields.items():
        kind, key = field.annotation, field.alias or name
        if isinstance(kind, type) and issubclass(kind, Section):
            keys |= {f"{key}.{one.alias or inner}" for inner, one in kind.model_fields.items()}
        else:
            keys.add(key)
    return keys


def cases(table: dict[str, list[Any]], without: set[str] = frozenset()) -> list[Any]:  # type: ignore[assignment]
    """One test for each value in a table."""
    return [
        pytest.param(key, value, id=f"{key}={json.dumps(value)[:40]}")
        for key, values in table.items()
        if key not in without
        for value in values
    ]


def test_no_setting_is_left_out_here() -> None:
    assert set(GOOD) == every_setting()
    assert set(BAD) == every_setting()


@pytest.mark.parametrize(("key", "value"), cases(GOOD))
def test_good_values_are_accepted(key: str, value: Any) -> None:
    assert settings(merged(NEEDS.get(key, {}), at(key, value)))


@pytest.mark.parametrize(("key", "value"), cases(BAD))
def test_bad_values_are_refused_by_their_key(key: str, value: Any) -> None:
    config = merged(NEEDS.get(key, {}), at(key, value))
    found = problem(config)
    assert found.key == f"mimir:{key}"
    assert found.allowed == _allowed(key)
    if key in SECRETS:
        assert found.found.startswith("a ")
        assert str(value) not in str(found)
    else:
        assert any(one in found.found for one in _shown(value))


@pytest.mark.parametrize(("key", "value"), cases(BAD, without=SECRETS))
def test_the_fix_fixes_it(key: str, value: Any) -> None:
    config = merged(NEEDS.get(key, {}), at(key, value))
    assert load(after(problem(config).fix, config))


def _allowed(key: str) -> Any:
    section, _, name = key.partition(".")
    field = next(one for inner, one in Settings.model_fields.items() if (one.alias or inner) == section)
    kind = field.annotation
    if name and isinstance(kind, type) and issubclass(kind, Section):
        field = next(one for inner, one in kind.model_fields.items() if (one.alias or inner) == name)
    return about(field, "allowed")


def _shown(value: Any) -> set[str]:
    """The value as JSON, or the part of it that is wrong."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {json.dumps(one) for one in (value, *inner)}
