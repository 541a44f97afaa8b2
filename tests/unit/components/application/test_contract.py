"""What a version of the application reads, ignores and leaks, and what its user is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from components.application import application
from components.application.contract import CONTRACTS, Contract
from components.settings import Environment
from components.validation.core import OWN_VARIABLES
from components.validation.warnings import collect_warnings
from tests.support.configuration import at, merged, settings
from tests.support.program import SECRET, stack_config

MIMIR = CONTRACTS["mimir-b0006f9"]


def warnings(*configs: dict[str, Any]) -> list[str]:
    """What the user of these settings is told."""
    return collect_warnings(settings(merged(*configs)))


def described(*configs: dict[str, Any]) -> application.Application:
    """What runs with these settings."""
    return application.describe(settings(merged(*configs)), "dev")


IGNORED = [
    ("pluginDir", "MIMIR_PLUGIN_DIR", "/app/plugins/own"),
    ("dbPath", "MIMIR_DB_PATH", "/app/data/mimir.db"),
    ("maxJobs", "MIMIR_MAX_JOBS", 5),
    ("enableCors", "MIMIR_ENABLE_CORS", False),
]


@pytest.mark.parametrize(("key", "variable", "value"), IGNORED)
def test_a_setting_that_has_no_effect_says_so(key: str, variable: str, value: Any) -> None:
    said = warnings(at(f"environment.{key}", value))
    assert len(said) == 1
    assert said[0].startswith(f"mimir:environment.{key}: ")
    assert variable in said[0]
    assert "b0006f9" in said[0]


@pytest.mark.parametrize(("key", "variable", "value"), IGNORED)
def test_it_is_passed_on_all_the_same(key: str, variable: str, value: Any) -> None:
    expected = str(value).lower() if isinstance(value, bool) else str(value)
    assert described(at(f"environment.{key}", value)).env[variable] == expected


def test_defaults_are_nothing_to_warn_of() -> None:
    assert warnings() == []
    assert warnings(at("environment.pluginDir", "/app/plugins")) == []


@pytest.mark.parametrize(
    ("policy", "cause"),
    [("no", "was restarted"), ("on-failure", "was restarted"), ("unless-stopped", "a signal (docker kill)")],
)
def test_a_restart_policy_that_leaves_the_service_down_says_so(policy: str, cause: str) -> None:
    [warning] = warnings(at("docker.restart", policy))
    assert warning.startswith(f"mimir:docker.restart: {policy}; ")
    assert cause in warning and "`always`" in warning


@pytest.mark.parametrize(("key", "value"), [("port", 9000), ("logLevel", "ERROR"), ("variables", {"OWN": "1"})])
def test_what_has_an_effect_is_nothing_to_warn_of(key: str, value: Any) -> None:
    assert warnings(at(f"environment.{key}", value)) == []


def test_optional_variables_are_left_out_until_they_are_set() -> None:
    assert not {"MIMIR_DB_PATH", "MIMIR_MAX_JOBS", "MIMIR_ENABLE_CORS"} & described().env.keys()


def test_the_leaked_secret_is_not_handed_over_unless_asked() -> None:
    secret = at("environment.jwtSecret", SECRET)
    assert described(secret).secret_env == {}
    assert [warning.split(":")[1] for warning in warnings(secret)] == ["environment.jwtSecret"]
    asked = at("environment.passJwtSecret", True)
    given = described(secret, asked).secret_env
    assert given["MIMIR_JWT_SECRET"].get_secret_value() == SECRET
    assert "MIMIR_JWT_SECRET" not in described(secret, asked).env
    assert [warning.split(":")[1] for warning in warnings(secret, asked)] == ["environment.passJwtSecret"]


def test_a_version_that_uses_the_secret_is_given_it(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = {**MIMIR.variables, "MIMIR_JWT_SECRET": "read"}
    better = Contract(**{**vars(MIMIR), "variables": reads})
    for reader in ("application.application", "validation.warnings"):
        monkeypatch.setattr(f"components.{reader}.CONTRACTS", {"mimir-b0006f9": better})
    secret = at("environment.jwtSecret", SECRET)
    assert described(secret).secret_env["MIMIR_JWT_SECRET"].get_secret_value() == SECRET
    assert warnings(secret) == []


def test_any_other_variable_passes_through() -> None:
    given = described(at("environment.variables", {"OTHER": "1"}), at("environment.secretVariables", {"TOKEN": "2"}))
    assert given.env["OTHER"] == "1"
    assert given.secret_env["TOKEN"].get_secret_value() == "2"
    assert "TOKEN" not in given.env


def test_the_level_is_handed_on_as_the_application_wants_it() -> None:
    assert described(at("environment.logLevel", "WARN")).env["MIMIR_LOG_LEVEL"] == "warn"


def test_publishing_an_application_without_an_edge_is_said() -> None:
    said = warnings(at("docker.bindAddress", "192.168.1.5"), at("environment.port", 9000), at("edge.kind", "none"))
    [published] = [warning for warning in said if warning.startswith("mimir:docker.bindAddress: ")]
    assert "192.168.1.5:9000" in published


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "127.255.255.254"])
def test_whoever_is_on_this_machine_already_is_nothing_to_warn_of(address: str) -> None:
    assert warnings(at("docker.bindAddress", address)) == []
    said = warnings(at("docker.bindAddress", address), at("edge.kind", "none"))
    assert [warning for warning in said if "bindAddress" in warning] == []


def test_another_commit_than_the_measured_one_is_said() -> None:
    url = at("source.location", "https://git.example.com/a.git")
    assert warnings(url, at("source.commit", MIMIR.version)) == []
    said = warnings(url, at("source.commit", "0" * 40))
    assert [warning.split(":")[1] for warning in said] == ["source.commit"]


def test_every_variable_with_a_setting_is_in_the_contract_and_in_the_settings() -> None:
    for contract in CONTRACTS.values():
        assert set(OWN_VARIABLES) == set(contract.variables)
    assert set(OWN_VARIABLES.values()) <= {field.alias for field in Environment.model_fields.values()}


def test_the_stack_prod_pins_the_version_of_a_contract() -> None:
    assert stack_config("prod")["source"]["commit"] in {contract.version for contract in CONTRACTS.values()}


def test_where_it_runs_and_what_could_hide_its_configuration() -> None:
    found = described(at("environment.port", 9000))
    assert found.arguments == ("--server", "9000")
    assert found.config_url == "http://127.0.0.1:9000/api/v1/config"
    assert found.working_directory == "/app/data"
    config = next(volume for volume in found.volumes if volume.name == "config")
    assert config.paths == ("/etc/mimir", "/app/config")
    assert config.read_only is True
    assert set(found.shadowing_files) >= {"config.yaml", "mimir.json"}
