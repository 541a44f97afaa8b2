"""No secret is ever readable: not in a resource, an output, a message, a file or an error."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.application import application, config_file
from components.kubernetes.cluster import kubeconfig
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.cluster.dns import DnsDelay
from components.kubernetes.cluster.kubeconfig import Access
from components.problems import DeploymentError, Problem
from components.settings import Settings
from tests.support import program, property_wire
from tests.support.configuration import merged, refusal, settings
from tests.support.program import KUBERNETES_TOKEN, SECRET, Run
from tests.support.property_wire import Secret
from tests.support.settings_tables import CLUSTER

PASSWORD = "reg1stry-passw0rd"
TOKEN = "t0ken-of-the-user"
PROXY = "https://me:pr0xy-passw0rd@proxy.example.com"
BASIC = base64.b64encode(f"ci:{PASSWORD}".encode()).decode()
HIDDEN = (SECRET, PASSWORD, TOKEN, PROXY, "pr0xy-passw0rd")
ON_CLUSTER = (*HIDDEN, KUBERNETES_TOKEN, BASIC)

CONFIG: dict[str, Any] = {
    "environment": {
        "jwtSecret": SECRET,
        "passJwtSecret": True,
        "secretVariables": {"API_TOKEN": TOKEN},
        "variables": {"PLAIN": "plain-value"},
        "dbPath": "/app/data/mimir.db",
    },
    "registry": {"username": "ci", "password": PASSWORD},
    "image": {"goProxy": PROXY},
}
PLATFORMS = {"docker": {"docker": {"bindAddress": "0.0.0.0"}}, "kubernetes": CLUSTER}


@pytest.fixture(scope="module", params=[False, True], ids=["update", "preview"])
def preview(request: pytest.FixtureRequest) -> bool:
    """Whether a run only says what it would do."""
    return bool(request.param)


@pytest.fixture(scope="module")
def on_docker(preview: bool) -> Run:
    """A run on an engine with every secret that a stack may have."""
    return program.run(merged(CONFIG, PLATFORMS["docker"]), preview=preview)


@pytest.fixture(scope="module")
def on_kubernetes(preview: bool) -> Run:
    """The same on a cluster."""
    return program.run(merged(CONFIG, PLATFORMS["kubernetes"]), preview=preview)


@pytest.fixture(params=PLATFORMS)
def run(request: pytest.FixtureRequest, on_docker: Run, on_kubernetes: Run) -> Run:
    """A run on each platform."""
    return {"docker": on_docker, "kubernetes": on_kubernetes}[request.param]


def secrets_in(value: Any) -> Iterator[Any]:
    """Every value that the engine is told to encrypt."""
    if isinstance(value, Secret):
        yield value.value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from secrets_in(one)


def assert_hidden(text: str) -> None:
    """None of the secrets is in `text`, in whatever quoting."""
    for secret in ON_CLUSTER:
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text


def test_what_is_looked_for_would_be_found(run: Run) -> None:
    assert any("plain-value" in property_wire.in_the_clear(one.inputs) for one in run.resources)
    encrypted = json.dumps([list(secrets_in(one.inputs)) for one in run.resources])
    used = ON_CLUSTER if "namespace" in run.outputs else HIDDEN
    assert all(json.dumps(secret)[1:-1] in encrypted for secret in used), "each secret is used somewhere"


def test_no_resource_holds_a_secret_in_the_clear(run: Run) -> None:
    for one in run.resources:
        assert_hidden(property_wire.in_the_clear(one.inputs))


def test_the_container_gets_its_secrets_wrapped(on_docker: Run) -> None:
    assert Secret(f"API_TOKEN={TOKEN}") in on_docker.service["envs"]
    assert Secret(f"MIMIR_JWT_SECRET={SECRET}") in on_docker.service["envs"]


def test_the_pod_gets_its_secrets_from_an_object_that_is_wrapped(on_kubernetes: Run) -> None:
    assert on_kubernetes.one("Secret", "mimir-dev-env")["stringData"] == Secret(
        {"API_TOKEN": TOKEN, "MIMIR_JWT_SECRET": SECRET}
    )
    text = json.dumps(on_kubernetes.one("Deployment", "mimir"), default=str)
    assert "API_TOKEN" in text
    assert_hidden(text)


def test_registry_credentials_reach_the_builder_wrapped(run: Run) -> None:
    assert run.one("Image")["registries"] == [
        {"address": "127.0.0.1:5000", "username": "ci", "password": Secret(PASSWORD)}
    ]


def test_and_the_engine(on_docker: Run) -> None:
    engine = on_docker.one("docker", "engine")["registryAuth"]
    assert isinstance(engine, Secret)
    assert json.loads(engine.value) == [{"address": "127.0.0.1:5000", "username": "ci", "password": PASSWORD}]


def test_and_the_nodes_of_a_cluster(on_kubernetes: Run) -> None:
    login = on_kubernetes.one("Secret", "mimir-dev-pull")["stringData"]
    assert isinstance(login, Secret)
    assert json.loads(login.value[".dockerconfigjson"])["auths"]["127.0.0.1:5000"]["password"] == PASSWORD


def test_the_clusters_credentials_reach_its_provider_wrapped(on_kubernetes: Run) -> None:
    access = on_kubernetes.one("kubernetes", "mimir-cluster")["kubeconfig"]
    assert isinstance(access, Secret)
    assert KUBERNETES_TOKEN in access.value


def test_the_proxy_is_a_build_secret_and_no_build_argument(run: Run) -> None:
    assert run.one("Image")["secrets"] == Secret({"goproxy": PROXY})
    assert_hidden(json.dumps(run.one("Image")["buildArgs"]))


def test_no_output_shows_a_secret(run: Run) -> None:
    assert "mimir-dev" in (run.outputs.get("container"), run.outputs.get("workload"))
    assert_hidden(property_wire.in_the_clear(dict(run.outputs)))


def test_no_message_shows_a_secret(run: Run) -> None:
    assert len(run.messages) >= 3, "there is something to look at"
    assert_hidden(json.dumps(run.messages, ensure_ascii=False))


def test_the_configuration_file_holds_no_secret() -> None:
    assert_hidden(config_file.render(settings(CONFIG)).content)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_settings_and_description_do_not_print_their_secrets(platform: str) -> None:
    found = settings(merged(CONFIG, PLATFORMS[platform]))
    assert_hidden(repr(found) + str(found) + found.model_dump_json())
    assert_hidden(repr(application.describe(found, "dev")))


def test_a_cluster_that_was_found_does_not_print_its_credentials() -> None:
    document = {"users": [{"user": {"token": KUBERNETES_TOKEN}}]}
    found = Cluster(Access(document, "https://127.0.0.1:6443"), "mimir-dev", "a-cluster", DnsDelay(0))
    assert "127.0.0.1:6443" in repr(found)
    assert_hidden(repr(found) + str(found) + repr(found.access))


@pytest.mark.parametrize("form", ["users: [{{user: {{token: {0}", "- {0}", "users: {0}", "!!{0} x", "token: @{0}"])
def test_a_kubeconfig_that_cannot_be_used_is_not_shown(form: str, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(form.format(KUBERNETES_TOKEN))
    kubernetes = {"context": "test", "kubeconfig": str(tmp_path / "config")}
    found = kubeconfig.read(Settings.model_validate({"platform": "kubernetes", "kubernetes": kubernetes}))
    assert isinstance(found, Problem)
    assert_hidden(str(found))


@pytest.mark.parametrize(
    "broken",
    [
        {"environment": {"port": 80}},
        {"environment": {"jwtSecrets": SECRET}},
        {"environment": {"jwtSecret": [SECRET]}},
        {"environment": {"secretVariables": {"API_TOKEN": [TOKEN]}}},
        {"environment": {"secretVariables": {"lower": TOKEN}}},
        {"environment": {"variables": {"API_TOKEN": "x"}}},
        {"environment": {"secretVariables": TOKEN}},
        {"registry": {"password": [PASSWORD]}},
        {"registry": {"adress": "x"}},
        {"image": {"goProxy": [PROXY]}},
        {"platform": "podman"},
        {"docker": {"restart": "no"}, "kubernetes": {"replicas": 2}},
    ],
    ids=lambda config: json.dumps(config)[:50],
)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_error_repeats_a_secret(broken: dict[str, Any], platform: str) -> None:
    assert_hidden(str(refusal(merged(CONFIG, PLATFORMS[platform], broken))))


@pytest.mark.parametrize(
    "config",
    [
        {"environment": SECRET},
        {"registry": PASSWORD},
        {"environment": json.dumps({"jwtSecret": SECRET})[:-1] + ",}"},
        {"environment": [{"jwtSecret": SECRET}]},
    ],
    ids=["text", "password", "a comma too many", "list"],
)
def test_an_encrypted_section_of_the_wrong_form_is_not_shown(config: dict[str, Any]) -> None:
    assert_hidden(str(refusal(config)))


def test_a_stack_that_is_refused_shows_nothing_either() -> None:
    with pytest.raises(DeploymentError) as caught:
        program.run(merged(CONFIG, {"environment": {"port": 80}, "limits": {"cpus": 0}}))
    assert_hidden(str(caught.value))
