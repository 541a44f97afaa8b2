"""The production stack: what it asks for, and what it refuses to do without."""

from __future__ import annotations

import pytest
import yaml

from components.problems import DeploymentError
from tests.support import program, property_wire
from tests.support.program import Run


def test_it_deploys_mimir_at_the_commit_that_the_contract_was_measured_on() -> None:
    source = program.stack_config("prod")["source"]
    assert source["location"] == "https://github.com/Mimir-AIP/Mimir-AIP-Go.git"
    assert source["commit"] == "b0006f9abf4da2a041c1de4c92a5f9eef43fa82c"


def test_it_logs_json_at_info(prod: Run) -> None:
    document = yaml.safe_load(prod.one("ConfigMap", "mimir-prod-config")["data"]["config.yaml"])
    assert document["logging"] == {"level": "info", "format": "json", "output": "stdout"}
    assert {"name": "MIMIR_LOG_LEVEL", "value": "info"} in prod.pod_container["env"]


def test_it_does_not_give_its_secret_to_an_application_that_shows_it_to_anyone(prod: Run) -> None:
    assert "MIMIR_JWT_SECRET" not in str(prod.pod_container["env"])
    secrets = {one.name: one.inputs for one in prod.resources if one.options.type == "kubernetes:core/v1:Secret"}
    assert secrets.keys() == {"mimir-prod-edge-files"}, "the edge checks tokens with it"
    assert program.SECRET not in property_wire.in_the_clear(secrets)
    assert any("mimir:environment.jwtSecret" in warning for warning in prod.warnings)


def test_a_run_with_another_source_says_so(prod: Run) -> None:
    said = " ".join(warning for warning in prod.warnings if "MIMIR_OVERRIDES" in warning)
    assert "mimir:source.location" in said
    assert "mimir:source.commit" in said


def test_nothing_is_deployed_without_a_secret_and_a_cluster_that_is_named() -> None:
    config = program.stack_config("prod")
    config["environment"].pop("jwtSecret", None)  # of a checkout that has been deployed from
    config["kubernetes"].pop("context", None)
    with pytest.raises(DeploymentError) as caught:
        program.run(config, "prod", overrides=program.HERE)
    keys = [problem.key for problem in caught.value.problems]
    assert sorted(keys) == ["mimir:environment.jwtSecret", "mimir:kubernetes.context"], "both at once"
    assert "pulumi config set --secret --path 'mimir:environment.jwtSecret'" in str(caught.value)
    assert "nothing was changed" in str(caught.value)


def test_development_mode_is_refused() -> None:
    config = {"runtime": "production", "environment": {"jwtSecret": program.SECRET}, "liveReload": True}
    with pytest.raises(DeploymentError) as caught:
        program.run(config, "prod")
    assert [problem.key for problem in caught.value.problems] == ["mimir:liveReload"]
