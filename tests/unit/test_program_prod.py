"""The production stack: what it asks for, and what it refuses to do without."""

from __future__ import annotations

import pytest
import yaml

from components.problems import DeploymentError
from tests.unit import program
from tests.unit.program import Run


def test_it_deploys_mimir_at_the_commit_that_the_contract_was_measured_on() -> None:
    source = program.stack_config("prod")["source"]
    assert source["location"] == "https://github.com/Mimir-AIP/Mimir-AIP-Go.git"
    assert source["commit"] == "b0006f9abf4da2a041c1de4c92a5f9eef43fa82c"


def test_it_logs_json_at_info_to_the_engine(prod: Run) -> None:
    document = yaml.safe_load(prod.one("Container", "mimir-config-carrier")["uploads"][0]["content"])
    assert document["logging"] == {"level": "info", "format": "json", "output": "stdout"}
    assert "MIMIR_LOG_LEVEL=info" in prod.service["envs"]


def test_it_does_not_give_its_secret_to_an_application_that_shows_it_to_anyone(prod: Run) -> None:
    assert "MIMIR_JWT_SECRET" not in str(prod.service["envs"])
    assert any("mimir:environment.jwtSecret" in warning for warning in prod.warnings)


def test_a_run_with_another_source_says_so(prod: Run) -> None:
    said = " ".join(warning for warning in prod.warnings if "MIMIR_OVERRIDES" in warning)
    assert "mimir:source.location" in said
    assert "mimir:source.commit" in said


def test_nothing_is_asked_of_the_engine_without_a_secret() -> None:
    with pytest.raises(DeploymentError) as caught:
        program.run(
            program.stack_config("prod"), "prod", overrides={"source": {"location": "./sample", "commit": None}}
        )
    assert [problem.key for problem in caught.value.problems] == ["mimir:environment.jwtSecret"]
    assert "pulumi config set --secret --path 'mimir:environment.jwtSecret'" in str(caught.value)
    assert "nothing was changed" in str(caught.value)


def test_development_mode_is_refused() -> None:
    config = {"runtime": "production", "environment": {"jwtSecret": program.SECRET}, "liveReload": True}
    with pytest.raises(DeploymentError) as caught:
        program.run(config, "prod")
    assert [problem.key for problem in caught.value.problems] == ["mimir:liveReload"]
