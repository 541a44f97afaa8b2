"""The facts of a record: who deploys, from which revision, and what."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.audit_log import facts
from tests.support import repositories


class TestFacts:
    """What is said of who deploys what."""

    def test_a_workflow_names_its_actor_and_run(self) -> None:
        who = facts.current_actor(
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTOR": "ada",
                "GITHUB_TRIGGERING_ACTOR": "grace",
                "GITHUB_SERVER_URL": "https://github.example",
                "GITHUB_REPOSITORY": "team/mimir",
                "GITHUB_RUN_ID": "17",
            }
        )
        assert who.name == "grace", "who repeats a run is who deploys"
        assert who.run == "https://github.example/team/mimir/actions/runs/17"

    def test_a_person_is_whom_git_knows(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(repository)
        repositories.git("config", "user.name", "Ada", at=repository)
        assert facts.current_actor({}).name == "Ada"
        assert facts.current_actor({}).run is None

    def test_a_token_in_a_sources_url_is_left_out(self, project: Path) -> None:
        (project / "Pulumi.dev.yaml").write_text("config: {}\n")
        overrides = {"source": {"location": "https://me:t0ken@git.example/mimir.git", "commit": "a" * 40}}
        source = facts.deployment_source("dev", overrides)
        assert source.location == "https://git.example/mimir.git"
        assert source.revision.commit == "a" * 40
        assert "t0ken" not in source.model_dump_json()

    def test_a_folder_with_changes_is_dirty(self, repository: Path, project: Path) -> None:
        (project / "Pulumi.dev.yaml").write_text(f"config:\n  mimir:source:\n    location: {repository}\n")
        assert facts.deployment_source("dev", {}).revision.dirty is False
        (repository / "new.go").write_text("package main\n")
        changed = facts.deployment_source("dev", {})
        assert changed.revision.dirty is True
        assert len(changed.revision.commit or "") == 40

    def test_a_digest_is_deployed_as_it_is(self, project: Path) -> None:
        (project / "Pulumi.dev.yaml").write_text("config: {}\n")
        assert facts.deployment_source("dev", {"image": {"digest": "sha256:ab"}}).digest == "sha256:ab"
