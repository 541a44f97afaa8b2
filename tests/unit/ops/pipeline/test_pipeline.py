"""A run of the pipeline, with commands that only note that they ran: order, evidence, and what a failure stops."""

from __future__ import annotations

import argparse
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.docker.engine import engine
from ops import __main__ as commands
from ops.pipeline import command, stacks
from ops.pipeline.steps import STEPS
from ops.pipeline.workspace import PipelineWorkspace
from ops.stack.stack_error import StackError
from tests.support.project import PROJECT
from tests.support.repositories import create, git

DIGEST = "sha256:" + "0a" * 32
NAMES = [step.name for step in STEPS]

FAKE = """#!/bin/sh
# Every tool at once: notes its arguments, makes a layout, and fails where it is told to.
tool=$(basename "$0")
echo "$tool $*" >> "$NOTES"
test "$tool $3" = "python build" && mkdir -p "$7" && echo '{"manifests": [{"digest": "DIGEST"}]}' > "$7/index.json"
case "$tool $*" in *"$FAIL"*) echo "it is broken here"; exit 3;; esac
exit 0
"""

Pipeline = Callable[..., int]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where the tools note what they are asked."""
    return tmp_path / "notes"


@pytest.fixture
def pipeline(tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """Runs the pipeline in a repository of its own, with tools that do nothing."""
    here = create(tmp_path / "project", {"README.md": "hello\n"})
    monkeypatch.chdir(here)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("python", "make", "pulumi", "cosign"):
        (tools / name).write_text(FAKE.replace("DIGEST", DIGEST))
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("NOTES", str(notes))
    monkeypatch.setenv("FAIL", "nothing of it")

    def write(place: PipelineWorkspace, checkout: Path) -> None:
        with notes.open("a") as file:
            file.write("stacks are written\n")

    monkeypatch.setattr(stacks, "write", write)

    def run(*arguments: str, fail: str = "") -> int:
        if fail:
            monkeypatch.setenv("FAIL", fail)
        monkeypatch.setattr(sys, "argv", ["ops", "pipeline", "--evidence", str(tmp_path / "runs"), *arguments])
        return commands.main()

    return run


def summary(tmp_path: Path) -> dict[str, Any]:
    """What the only run has left."""
    [file] = (tmp_path / "runs").glob("*/summary.json")
    return dict(json.loads(file.read_text()))


def statuses(tmp_path: Path) -> dict[str, str]:
    """What became of each step."""
    return {one["step"]: one["status"] for one in summary(tmp_path)["steps"]}


def test_every_step_runs_in_order_and_one_digest_goes_all_the_way(
    pipeline: Pipeline, tmp_path: Path, notes: Path
) -> None:
    assert pipeline("--approve") == 0
    asked = notes.read_text().splitlines()
    assert [line.split()[3] for line in asked if line.startswith("python")] == [
        step.command[3] for step in STEPS if step.command[:1] == ("python",)
    ]
    later = [line for line in asked if " up " in line or " check " in line or " attest " in line or "verify" in line]
    assert len(later) == 6 and all(DIGEST in line for line in later)
    found = summary(tmp_path)
    assert (found["passed"], found["digest"], found["image"]) == (True, DIGEST, f"127.0.0.1:5000/pipeline@{DIGEST}")
    assert set(statuses(tmp_path).values()) == {"passed"}


def test_the_commit_is_what_is_built_and_not_what_lies_around(pipeline: Pipeline, tmp_path: Path) -> None:
    Path("README.md").write_text("changed, not committed\n")
    assert pipeline("--approve") == 0
    [checkout] = (tmp_path / "runs").glob("*/checkout")
    assert (checkout / "README.md").read_text() == "hello\n"
    assert summary(tmp_path)["commit"] == git("rev-parse", "HEAD", at=checkout)


def test_what_is_scanned_and_tested_is_the_commit_alone(pipeline: Pipeline, notes: Path) -> None:
    """The project's own tests refuse a stack file that nobody has committed."""
    assert pipeline("--approve") == 0
    asked = [line.split(" --")[0] for line in notes.read_text().splitlines()]
    order = ["python -m ops scan-source", "make lint unit RUN=", "stacks are written", "python -m ops build"]
    assert asked[: len(order) + 1] == [*order[:3], asked[3], order[3]] and "cosign" in asked[3]


def test_each_steps_output_is_kept(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline("--approve")
    [folder] = (tmp_path / "runs").glob("*/evidence")
    assert sorted(one.name[3:] for one in folder.iterdir()) == sorted(NAMES)
    assert (
        (folder / "10-check-staging/log.txt").read_text().startswith("$ python -m ops check --stack pipeline-staging")
    )
    steps = {one["step"]: one for one in summary(tmp_path)["steps"]}
    assert steps["build"]["exit_code"] == 0
    assert "evidence/04-build/log.txt" in steps["build"]["evidence"]


@pytest.mark.parametrize("broken", [step.name for step in STEPS if step.command[:1] == ("python",)])
def test_a_failure_stops_it(
    pipeline: Pipeline, tmp_path: Path, notes: Path, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    step = STEPS[NAMES.index(broken)]
    stack = next((word[1:-1] for word in step.command if word in ("{staging}", "{production}")), "")
    assert pipeline("--approve", fail=f"-m ops {step.command[3]}{f' --stack pipeline-{stack}' if stack else ''}") == 1
    found = statuses(tmp_path)
    place = NAMES.index(broken)
    assert list(found.values()) == ["passed"] * place + ["failed"] + ["not run"] * (len(NAMES) - place - 1)
    said = capsys.readouterr().err
    assert "it is broken here" in said
    repeat = said.split("To repeat it:\n")[1].splitlines()[0]
    notes.unlink()
    subprocess.run(["sh", "-euc", repeat], check=False, env={**os.environ, "FAIL": "nothing of it"})
    assert step.command[3] in notes.read_text(), "the command that it names repeats the step"


def test_staging_that_fails_its_check_never_reaches_production(pipeline: Pipeline, tmp_path: Path, notes: Path) -> None:
    assert pipeline("--approve", fail="check --stack pipeline-staging") == 1
    assert "pipeline-production" not in notes.read_text()
    assert statuses(tmp_path)["production"] == "not run"


def test_nobodys_approval_is_none(pipeline: Pipeline, tmp_path: Path, notes: Path) -> None:
    assert pipeline() == 1
    assert statuses(tmp_path)["approve"] == "failed" and "pipeline-production" not in notes.read_text()


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("", 1), ("no", 1)])
def test_a_person_is_asked_for_this_very_digest(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)

    def answered(text: str) -> str:
        asked.append(text)
        return answer

    monkeypatch.setattr("builtins.input", answered)
    assert pipeline() == code
    assert len(asked) == 1 and DIGEST in asked[0]


def test_what_is_handed_on(pipeline: Pipeline, notes: Path, tmp_path: Path) -> None:
    assert (
        pipeline("--approve", "--waive", "pip-audit", "--source", ".", "--name", "mine", "--tests", "make quick") == 0
    )
    asked = notes.read_text()
    assert "--waive pip-audit" in asked
    assert f"--source {tmp_path}/project" in asked, "the commands run in another folder"
    assert "make quick\n" in asked and "make lint unit" not in asked
    assert "mine-staging" in asked and "mine-production" in asked and "pipeline-" not in asked
    assert summary(tmp_path)["waived"] == ["pip-audit"], "a pass that was waived says so"


@pytest.mark.parametrize("manifests", [[], [{"digest": "sha256:1"}, {"digest": "sha256:2"}], None])
def test_a_layout_without_exactly_one_image(tmp_path: Path, manifests: Any) -> None:
    (tmp_path / "index.json").write_text(json.dumps({"manifests": manifests} if manifests is not None else {}))
    with pytest.raises(StackError, match=r"layout|images"):
        command.digest_of(tmp_path)


class TestStacks:
    """The stacks of a local run."""

    PULUMI = """#!/bin/sh
echo "$*" >> "$NOTES"
case "$1 $2" in
"stack select") printf 'encryptionsalt: v1:%s\\n' "$(date +%N)" >> "Pulumi.$4.yaml";;
"config set") secret=$(cat); test -n "$secret"
  sed -i 's/^  mimir:environment:/&\\n    jwtSecret: {secure: v1:x}/' "Pulumi.$7.yaml";;
esac
"""

    @pytest.fixture
    def place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PipelineWorkspace:
        tools = tmp_path / "tools"
        tools.mkdir()
        (tools / "pulumi").write_text(self.PULUMI)
        (tools / "pulumi").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
        monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
        (tmp_path / "root").mkdir()
        return PipelineWorkspace(tmp_path / "root", "mine", 18444)

    @staticmethod
    def checkout(folder: Path) -> Path:
        (folder / "ops/pipeline").mkdir(parents=True)
        (folder / stacks.TEMPLATES).symlink_to(PROJECT / stacks.TEMPLATES)
        return folder

    def test_they_are_the_committed_templates_under_names_of_their_own(
        self, place: PipelineWorkspace, tmp_path: Path
    ) -> None:
        checkout = self.checkout(tmp_path / "checkout")
        stacks.write(place, checkout)
        staging = yaml.safe_load((checkout / "Pulumi.mine-staging.yaml").read_text())["config"]
        assert staging["mimir:edge"] == {"port": 18444} and staging["mimir:registry"] == {"repository": "mine"}
        production = yaml.safe_load((checkout / "Pulumi.mine-production.yaml").read_text())["config"]
        assert production["mimir:kubernetes"]["context"] == "mimir-test"
        assert production["mimir:environment"]["jwtSecret"] == {"secure": "v1:x"}

    def test_both_believe_the_key_of_this_place_alone(self, place: PipelineWorkspace, tmp_path: Path) -> None:
        checkout = self.checkout(tmp_path / "checkout")
        stacks.write(place, checkout)
        for stack in ("staging", "production"):
            config = yaml.safe_load((checkout / f"Pulumi.mine-{stack}.yaml").read_text())["config"]
            assert config["mimir:image"]["signature"] == {"key": str(tmp_path / "root/signing.pub")}

    def test_production_is_on_the_cluster_that_the_user_names(
        self, place: PipelineWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MIMIR_TEST_CONTEXT", "kind-mimir")
        checkout = self.checkout(tmp_path / "checkout")
        stacks.write(place, checkout)
        production = yaml.safe_load((checkout / "Pulumi.mine-production.yaml").read_text())["config"]
        kubernetes = production["mimir:kubernetes"]
        assert (kubernetes["context"], kubernetes["replicas"]) == ("kind-mimir", 2)
        assert "dnsSeconds" not in kubernetes, "its name servers may be slower than the toolchain's"

    def test_a_second_run_updates_what_the_first_has_made(self, place: PipelineWorkspace, tmp_path: Path) -> None:
        for number in (1, 2):
            stacks.write(place, self.checkout(tmp_path / f"checkout{number}"))
        kept = [
            {
                **yaml.safe_load((tmp_path / f"checkout{number}/Pulumi.mine-production.yaml").read_text()),
                "encryptionsalt": 0,
            }
            for number in (1, 2)
        ]
        assert kept[0] == kept[1]
        asked = (tmp_path / "notes").read_text().splitlines()
        assert len([line for line in asked if line.startswith("config set")]) == 2, "one secret a stack, once"

    def test_no_secret_is_on_a_command_line_and_the_passphrase_is_its_owners(
        self, place: PipelineWorkspace, tmp_path: Path
    ) -> None:
        stacks.write(place, self.checkout(tmp_path / "checkout"))
        passphrase = tmp_path / "root/passphrase"
        assert stat.S_IMODE(passphrase.stat().st_mode) == 0o600
        assert passphrase.read_text() not in (tmp_path / "notes").read_text()
        assert place.variables()["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(passphrase)
        assert "PULUMI_CONFIG_PASSPHRASE" not in place.environment()

    def test_they_are_removed_with_their_data(
        self, place: PipelineWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        removed: list[str] = []
        volume = argparse.Namespace(remove=lambda: removed.append("volume"))
        volumes = argparse.Namespace(list=lambda filters: [volume] if "mine-staging" in filters["label"] else [])
        monkeypatch.setattr(engine, "client", lambda host: argparse.Namespace(volumes=volumes))
        (tmp_path / "tools/kubectl").symlink_to(tmp_path / "tools/pulumi")
        stacks.write(place, self.checkout(tmp_path / "checkout"))
        assert stacks.remove(place) == 0
        asked = (tmp_path / "notes").read_text()
        for stack in ("mine-staging", "mine-production"):
            assert f"--config-file {tmp_path}/root/Pulumi.{stack}.yaml --stack {stack}" in asked
            assert f"stack rm --yes --preserve-config {stack}" in asked
            assert f"state unprotect --all --yes --stack {stack}" in asked
        assert removed == ["volume"]
        assert (
            "--context mimir-test delete namespace --selector app.kubernetes.io/instance=mimir-mine-production" in asked
        )
        assert not list((tmp_path / "root").glob("Pulumi.*"))
        (tmp_path / "notes").unlink()
        assert stacks.remove(place) == 0, "a second time there is nothing to do"
        assert not (tmp_path / "notes").exists()
