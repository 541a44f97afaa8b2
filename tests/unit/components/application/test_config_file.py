"""The application's configuration file: it drops an invalid one without a word, so this one has to be right."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.application import config_file
from components.application.config_file import DIGEST_KEY, ConfigFile
from tests.support.configuration import at, merged, settings
from tests.support.program import SECRET

PRODUCTION = {"runtime": "production", "environment": {"jwtSecret": SECRET}}

# What decides about the file, with a value other than the default's.
IN_THE_FILE = [
    at("environment.port", 9000),
    at("environment.logLevel", "WARN"),
    at("environment.maxJobs", 7),
    at("environment.enableCors", True),
    at("logging.format", "json"),
    PRODUCTION,
]
NOT_IN_THE_FILE = [
    at("environment.pluginDir", "/app/plugins/own"),  # may not exist yet, and then the application drops the file
    at("environment.dbPath", "/app/data/mimir.db"),
    at("environment.variables", {"A": "b"}),
    at("environment.jwtSecret", SECRET),
    at("environment.enableCors", False),
    at("limits.cpus", 2),
    at("probe.retries", 9),
    at("docker.restart", "always"),
    at("logging.maxFiles", 2),
    at("logging.format", "text"),
]


def rendered(*configs: dict[str, Any]) -> ConfigFile:
    """The file for these settings."""
    return config_file.render(settings(merged(*configs)))


def document(*configs: dict[str, Any]) -> Any:
    """That file, read back."""
    return yaml.safe_load(rendered(*configs).content)


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARN", "ERROR"])
def test_the_level_is_in_lower_case(level: str) -> None:
    assert document(at("environment.logLevel", level))["logging"]["level"] == level.lower()


def test_the_format_follows_the_runtime_unless_it_is_said() -> None:
    assert document()["logging"]["format"] == "text"
    assert document(PRODUCTION)["logging"]["format"] == "json"
    assert document(PRODUCTION, at("logging.format", "text"))["logging"]["format"] == "text"


@pytest.mark.parametrize("config", IN_THE_FILE + NOT_IN_THE_FILE)
def test_every_value_has_the_type_that_the_application_reads(config: dict[str, Any]) -> None:
    found = document(config)
    assert set(found) == {"server", "plugins", "scheduler", "logging"}
    assert all(type(found["server"][key]) is int for key in ("port", "read_timeout", "write_timeout"))
    assert type(found["scheduler"].get("max_jobs", 0)) is int
    assert found["plugins"]["directories"][0].startswith("/app/plugins")
    assert found["logging"]["output"] == "stdout", "the engine rotates it, the application does not"


@pytest.mark.parametrize("config", IN_THE_FILE + NOT_IN_THE_FILE)
def test_no_switch_is_left_out_since_that_would_turn_it_off(config: dict[str, Any]) -> None:
    found = document(config)
    assert found["plugins"]["auto_discovery"] is True
    assert found["scheduler"]["enabled"] is True
    assert type(found["server"]["enable_cors"]) is bool


def test_settings_reach_the_file() -> None:
    found = document(*IN_THE_FILE[:4])
    assert found["server"]["port"] == 9000
    assert found["server"]["enable_cors"] is True
    assert found["plugins"]["directories"] == ["/app/plugins"]
    assert found["scheduler"]["max_jobs"] == 7


def test_the_server_listens_where_the_platform_can_reach_it() -> None:
    assert document()["server"]["host"] == "0.0.0.0"


def test_the_digest_changes_with_every_setting_in_the_file() -> None:
    digests = [rendered().digest, *(rendered(config).digest for config in IN_THE_FILE[:5])]
    assert len(set(digests)) == len(digests)
    assert rendered(PRODUCTION).digest != rendered().digest


@pytest.mark.parametrize("config", NOT_IN_THE_FILE)
def test_the_digest_stays_with_every_other_setting(config: dict[str, Any]) -> None:
    assert rendered(config).digest == rendered().digest
    assert rendered(config).content == rendered().content


@pytest.mark.parametrize("config", [{}, *IN_THE_FILE])
def test_what_a_deployment_proves_stands_in_the_file(config: dict[str, Any]) -> None:
    file = rendered(config)
    assert DIGEST_KEY in file.expected
    for path, value in file.expected.items():
        found = yaml.safe_load(file.content)
        for part in path.split("."):
            found = found[part]
        assert found == value, path


@pytest.mark.parametrize("config", [{}, *IN_THE_FILE])
def test_a_value_is_one_line_as_simple_readers_want_it(config: dict[str, Any]) -> None:
    lines = rendered(config).content.splitlines()
    assert all(":" in line or line.lstrip().startswith("- ") for line in lines)


def test_it_goes_under_the_plans_name_too() -> None:
    assert rendered().names == ("config.yaml", "development.yaml")
    assert rendered(PRODUCTION).names == ("config.yaml", "production.yaml")
