"""One description, two platforms: what runs is the same on both, and what the settings said; nothing gets lost."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import Phase, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from components.application import application
from components.edge import edge_spec as edges
from components.edge.haproxy import files
from components.edge.haproxy.backend import Backend
from components.edge.haproxy.files import Certificate, Files
from components.settings import Settings
from components.validation.kubernetes import ELSEWHERE
from tests.support import program
from tests.support.configuration import at, merged
from tests.support.edge_tables import HASH
from tests.support.monitor import DIGEST
from tests.support.program import SECRET
from tests.support.rendered import Probe, Rendered, on_docker, on_kubernetes
from tests.support.settings_tables import CLUSTER, GOOD, NEEDS, every_setting, is_below, needs

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8) | st.sampled_from(
    ["$(MIMIR_PORT)", "$$", "$HOME", "a=b", "'\"\\", "1"]
)


def variables(prefix: str) -> st.SearchStrategy[dict[str, str]]:
    """Environment variables whose names begin with `prefix`."""
    return st.dictionaries(st.from_regex(rf"\A{prefix}[A-Z0-9_]{{1,5}}\Z"), TEXT, max_size=3)


COMPARED: dict[str, st.SearchStrategy[Any]] = {
    "runtime": st.sampled_from(["development", "production"]),
    "image.digest": st.none() | st.just("sha256:" + "0a" * 32),
    "registry.address": st.sampled_from(["127.0.0.1:5000", "registry.example.com"]),
    "registry.repository": st.sampled_from(["mimir", "team/mimir"]),
    "registry.username": st.just("ci"),
    "registry.password": TEXT.filter(bool),
    "environment.port": st.integers(1024, 65_535),
    "environment.logLevel": st.sampled_from(["DEBUG", "INFO", "WARN", "ERROR"]),
    "environment.pluginDir": st.sampled_from(["/app/plugins", "/app/plugins/own"]),
    "environment.jwtSecret": st.just(SECRET),
    "environment.passJwtSecret": st.booleans(),
    "environment.dbPath": st.none() | st.just("/app/data/mimir.db"),
    "environment.maxJobs": st.none() | st.integers(1, 10_000),
    "environment.enableCors": st.none() | st.booleans(),
    "environment.variables": variables("P_"),
    "environment.secretVariables": variables("S_"),
    "probe.path": st.sampled_from(["/health", "/alive?deep=1"]),
    "probe.intervalSeconds": st.integers(60, 150),
    "probe.timeoutSeconds": st.integers(1, 60),
    "probe.retries": st.integers(1, 10),
    "probe.startPeriodSeconds": st.integers(1, 600),
    "limits.cpus": st.integers(100, 64_000).map(lambda thousandths: thousandths / 1000),
    "limits.memoryMib": st.integers(64, 65_536),
    "limits.tmpMib": st.integers(1, 4096),
    "shutdown.graceSeconds": st.integers(40, 660),
    "logging.format": st.none() | st.sampled_from(["text", "json"]),
    "volumes.protected": st.lists(st.sampled_from(["data", "logs", "plugins"]), unique=True),
}
"""The settings that both platforms honour while the application runs, with values for each."""

NOT_RENDERED = {
    "network.egress": "a cluster has rules for destinations; an engine has a network with a way out, or without one",
    "platform": "it says who renders",
    "contract": "there is one only; its values are what `said` expects",
    "liveReload": "a cluster refuses it: no node has the source",
    "source.location": "build",
    "source.commit": "build",
    "source.package": "build",
    "source.ignore": "build",
    **{f"image.signature.{name}": "preflight" for name in ("key", "identity", "issuer", "allowUnsigned")},
    "image.platforms": "build",
    "image.goImage": "build",
    "image.baseImage": "build",
    "image.goProxy": "build",
    "image.caBundle": "build",
    "image.noCache": "build",
    "image.builder": "build",
    "registry.insecure": "build, and the look at the registry; who pulls has its own configuration",
    "edge.kind": "it says what stands in front (test_program_edge.py, test_program_kubernetes_route.py)",
    "shutdown.drainSeconds": "the application drains as long as it does; a rule keeps the grace above it",
}
"""Settings that no platform renders, and why that is right."""

NOT_ASKED = {
    "docker.keepImages": "what an update removes at its end (test_kept_images.py)",
    "limits.pids": "no argument of the provider; the proof sets it (test_proof.py)",
    "kubernetes.kubeconfig": "where address and credentials are read (test_kubeconfig.py); what was read is rendered",
}
"""Settings of one platform that are in nothing that it is asked for, and why that is right."""

EDGE = [
    key
    for key in every_setting()
    if key.startswith("edge.") and key not in NOT_RENDERED and not is_below(key, sum(ELSEWHERE.values(), ()))
]
"""The settings of the edge, which is the same on both platforms."""

EDGE_ALONE = {
    "edge.tls.issuer": "a cluster's own; an engine refuses it (test_tls.py)",
    "edge.tls.key": "it belongs to its certificate, so neither changes alone (test_program_edge.py)",
}
"""Settings of the edge that cannot be compared, and why that is right."""

GUARDED = {
    "environment": {"jwtSecret": SECRET},
    "edge": {"tls": {"mode": "selfSigned"}, "authentication": {"required": True, "apiKeys": {"ci": HASH}}},
}
"""A stack in which every setting of the edge means something."""


def said(config: dict[str, Any]) -> Rendered:
    """What should run, from the settings alone."""
    found = Settings.model_validate(config)
    environment, probe, registry = found.environment, found.probe, found.registry
    cors, passed = environment.enable_cors, environment.jwt_secret if environment.pass_jwt_secret else None
    optional = {
        "MIMIR_DB_PATH": environment.db_path,
        "MIMIR_MAX_JOBS": None if environment.max_jobs is None else str(environment.max_jobs),
        "MIMIR_ENABLE_CORS": None if cors is None else json.dumps(cors),
    }
    env = {
        **environment.variables,
        **{name: value for name, value in optional.items() if value is not None},
        "MIMIR_PORT": str(environment.port),
        "MIMIR_LOG_LEVEL": environment.log_level.lower(),
        "MIMIR_PLUGIN_DIR": environment.plugin_dir,
        "GOMAXPROCS": str(-int(-found.limits.cpus // 1)),
    }
    hidden = {**environment.secret_variables, **({"MIMIR_JWT_SECRET": passed} if passed else {})}
    url = f"http://127.0.0.1:{environment.port}{probe.path}"
    password = registry.password.get_secret_value() if registry.password else ""
    file = {
        "port": environment.port,
        "enable_cors": bool(cors),
        "max_jobs": environment.max_jobs,
        "level": environment.log_level.lower(),
        "format": found.logging.format or ("json" if found.runtime == "production" else "text"),
    }
    return Rendered(
        image=f"{registry.address}/{registry.repository}@{found.image.digest or DIGEST}",
        arguments=("--server", str(environment.port)),
        working_directory="/app/data",
        user="65532:65532",
        env=env,
        secret_env={name: value.get_secret_value() for name, value in hidden.items()},
        volumes={
            **{name: {f"/app/{name}": False} for name in ("data", "logs", "plugins")},
            "config": {"/etc/mimir": True, "/app/config": True},
        },
        protected=frozenset(found.volumes.protected),
        files=dict.fromkeys(("config.yaml", f"{found.runtime}.yaml"), file),
        port=environment.port,
        cpus=found.limits.cpus,
        memory=found.limits.memory_mib,
        tmp=found.limits.tmp_mib,
        grace=found.shutdown.grace_seconds,
        probe=Probe(
            command=("/probe", "http", "--timeout", f"{max(1, probe.timeout_seconds - 1)}s", url),
            interval=probe.interval_seconds,
            timeout=probe.timeout_seconds,
            retries=probe.retries,
            start_deadline=probe.start_period_seconds
            + probe.retries * (probe.interval_seconds + probe.timeout_seconds),
        ),
        login=(registry.address, registry.username, password) if registry.username else None,
    )


def file_of(text: str) -> dict[str, Any]:
    """What a configuration file says of the settings."""
    document = yaml.safe_load(text)
    return {
        "port": document["server"]["port"],
        "enable_cors": document["server"]["enable_cors"],
        "max_jobs": document["scheduler"].get("max_jobs"),
        "level": document["logging"]["level"],
        "format": document["logging"]["format"],
    }


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """Settings by their keys, as a stack file says them."""
    return merged(*(at(key, value) for key, value in values.items() if value is not None))


@given(st.fixed_dictionaries(COMPARED).map(nested))
@example(nested({}))
@example(nested({"environment.variables": {"P_A": "$(MIMIR_PORT) $$"}}))
@examples(max_examples=15, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
def test_both_platforms_run_what_the_settings_said(config: dict[str, Any]) -> None:
    docker = on_docker(program.run(config))
    # The longest rollout: it must outlast the slowest start, which an engine simply waits for.
    kubernetes = on_kubernetes(program.run(merged(CLUSTER, at("kubernetes.rolloutSeconds", 3600), config)))
    assert docker == kubernetes
    assert replace(docker, files={name: file_of(text) for name, text in docker.files.items()}) == said(config)


def test_every_setting_is_compared_or_of_one_platform_or_not_rendered() -> None:
    """Whoever adds a setting decides here what becomes of it, and a platform that forgets it fails."""
    settings = set(every_setting())
    of_one = [{key for key in settings if is_below(key, ELSEWHERE[platform])} for platform in ELSEWHERE]
    parts = [set(COMPARED), set(NOT_RENDERED), set(EDGE), *of_one]
    assert set().union(*parts) == settings
    assert sum(map(len, parts)) == len(settings), "in two of them"


@pytest.mark.parametrize("key", COMPARED)
def test_what_is_compared_depends_on_the_setting(key: str) -> None:
    login = {"registry.username": "ci", "registry.password": "x"}
    base = {**login, "environment.jwtSecret": SECRET, "environment.passJwtSecret": True}
    usual = said(nested({**base, key: None}))
    assert any(said(nested({**base, key: value})) != usual for value in GOOD[key])


@cache
def made(config: str) -> list[Any]:
    """Everything that a stack asks for, with the times that it may take."""
    run = program.run(json.loads(config))
    return [
        (one.options.type, one.name, one.inputs, str(one.options.customTimeouts))
        for one in sorted(run.resources, key=lambda one: (one.options.type, one.name))
    ]


@pytest.mark.parametrize(
    "key", [key for key in every_setting() if is_below(key, sum(ELSEWHERE.values(), ())) and key not in NOT_ASKED]
)
def test_a_setting_of_one_platform_changes_what_that_platform_makes(key: str) -> None:
    base = needs(key, None)
    usual = made(json.dumps(base))
    assert any(made(json.dumps(merged(base, at(key, value)))) != usual for value in GOOD[key])


def edge_files(config: dict[str, Any]) -> Files:
    """What the edge reads, on either platform."""
    found = Settings.model_validate(config)
    edge = edges.describe(found, application.describe(found, "dev"))
    return files.render(
        edge, Backend("replica", edge.application.port, max_replicas=2), Certificate("a chain", "a key")
    )


@pytest.mark.parametrize("key", [key for key in EDGE if key not in EDGE_ALONE])
def test_a_setting_of_the_edge_changes_its_files_or_what_both_platforms_make(key: str) -> None:
    base = merged(GUARDED, NEEDS.get(key, {}))
    others = [merged(base, at(key, value)) for value in GOOD[key]]
    if any(edge_files(other) != edge_files(base) for other in others):
        return
    for platform in ({}, CLUSTER):
        usual = made(json.dumps(merged(platform, base)))
        assert any(made(json.dumps(merged(platform, other))) != usual for other in others)


@pytest.mark.parametrize("config", [{}, GUARDED, at("edge.paths", ["/reports/{}"])], ids=["usual", "guarded", "paths"])
def test_both_platforms_hand_the_same_files_to_the_edge(config: dict[str, Any]) -> None:
    """But for how each finds the application."""
    docker = program.run(config).edge_files
    cluster = program.run(merged(CLUSTER, config))
    held = cluster.one("Secret", "mimir-dev-edge-files")["stringData"].value
    kubernetes = {**cluster.one("ConfigMap", "mimir-dev-edge-files")["data"], **held}
    assert docker.keys() == kubernetes.keys()
    for name, text in docker.items():
        assert without_backend(text) == without_backend(kubernetes[name]), name


def without_backend(text: str) -> str:
    """A file of the edge without its backend, and without the digest in which that is too."""
    before, _, after = text.partition("backend application\n")
    return re.sub(r"[0-9a-f]{16} if", "", before + after[after.find("backend clients") :])
