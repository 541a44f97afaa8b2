"""No secret is ever readable: not in a resource, an output, a message, a file or an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components import application, config_file
from components.problems import DeploymentError
from tests.unit import program, wire
from tests.unit.configuration import merged, refusal, settings
from tests.unit.program import SECRET, Run
from tests.unit.wire import Secret

PASSWORD = "reg1stry-passw0rd"
TOKEN = "t0ken-of-the-user"
PROXY = "https://me:pr0xy-passw0rd@proxy.example.com"
HIDDEN = (SECRET, PASSWORD, TOKEN, PROXY, "pr0xy-passw0rd")

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
    "docker": {"bindAddress": "0.0.0.0"},
}


@pytest.fixture(scope="module", params=[False, True], ids=["update", "preview"])
def run(request: pytest.FixtureRequest) -> Run:
    """A run with every secret that a stack may have."""
    return program.run(CONFIG, preview=request.param)


def secrets_in(value: Any) -> Iterator[Any]:
    """Every value that the engine is told to encrypt."""
    if isinstance(value, Secret):
        yield value.value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from secrets_in(one)


def assert_hidden(text: str) -> None:
    """None of the secrets is in `text`, in whatever quoting."""
    for secret in HIDDEN:
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text


def test_what_is_looked_for_would_be_found(run: Run) -> None:
    assert "plain-value" in wire.in_the_clear(run.service)
    encrypted = json.dumps([list(secrets_in(one.inputs)) for one in run.resources])
    assert all(json.dumps(secret)[1:-1] in encrypted for secret in HIDDEN), "each secret is used somewhere"


def test_no_resource_holds_a_secret_in_the_clear(run: Run) -> None:
    for one in run.resources:
        assert_hidden(wire.in_the_clear(one.inputs))


def test_the_application_gets_its_secrets_wrapped(run: Run) -> None:
    assert Secret(f"API_TOKEN={TOKEN}") in run.service["envs"]
    assert Secret(f"MIMIR_JWT_SECRET={SECRET}") in run.service["envs"]


def test_registry_credentials_reach_builder_and_engine_wrapped(run: Run) -> None:
    assert run.one("Image")["registries"] == [
        {"address": "127.0.0.1:5000", "username": "ci", "password": Secret(PASSWORD)}
    ]
    engine = run.one("docker", "engine")["registryAuth"]
    assert isinstance(engine, Secret)
    assert json.loads(engine.value) == [{"address": "127.0.0.1:5000", "username": "ci", "password": PASSWORD}]


def test_the_proxy_is_a_build_secret_and_no_build_argument(run: Run) -> None:
    assert run.one("Image")["secrets"] == Secret({"goproxy": PROXY})
    assert_hidden(json.dumps(run.one("Image")["buildArgs"]))


def test_no_output_shows_a_secret(run: Run) -> None:
    assert run.outputs["container"] == "mimir-dev"
    assert_hidden(wire.in_the_clear(dict(run.outputs)))


def test_no_message_shows_a_secret(run: Run) -> None:
    assert len(run.messages) >= 3, "there is something to look at"
    assert_hidden(json.dumps(run.messages, ensure_ascii=False))


def test_the_configuration_file_holds_no_secret() -> None:
    assert_hidden(config_file.render(settings(CONFIG)).content)


def test_settings_and_description_do_not_print_their_secrets() -> None:
    found = settings(CONFIG)
    assert_hidden(repr(found) + str(found) + found.model_dump_json())
    assert_hidden(repr(application.describe(found, "dev")))


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
        {"platform": "kubernetes"},
    ],
    ids=lambda config: json.dumps(config)[:50],
)
def test_no_error_repeats_a_secret(broken: dict[str, Any]) -> None:
    assert_hidden(str(refusal(merged(CONFIG, broken))))


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
