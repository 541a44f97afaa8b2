"""The workflows on GitHub: thin, without rights that they do not need, and the very steps of the local pipeline."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml

from ops import __main__ as commands
from ops.pipeline.steps import STEPS
from tests.support.project import PROJECT
from toolchain.cluster_context import VARIABLE
from toolchain.groups import GROUPS

FOLDER = PROJECT / ".github"
FILES = {file.stem: file for file in sorted((FOLDER / "workflows").glob("*.yml"))}
WORKFLOWS: dict[str, dict[Any, Any]] = {name: yaml.safe_load(file.read_text()) for name, file in FILES.items()}
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]
READ = {"contents": "read"}
DEPLOYS = {**READ, "packages": "read", "id-token": "write"}
PERMISSIONS = {
    ("ci", "test"): READ,
    ("preview", "new"): {**READ, "pull-requests": "write"},
    ("preview", "existing"): {**READ, "pull-requests": "write", "id-token": "write"},
    ("deploy", "source"): READ,
    ("deploy", "image"): {**READ, "packages": "write", "id-token": "write"},
    ("deploy", "staging"): DEPLOYS,
    ("deploy", "production"): DEPLOYS,
    ("drift", "drift"): {**READ, "issues": "write", "id-token": "write"},
}
"""What each job may do, and nothing else."""

ENVIRONMENTS = {
    ("preview", "existing"): "preview",
    ("deploy", "image"): "release",
    ("deploy", "staging"): "staging",
    ("deploy", "production"): "production",
    ("drift", "drift"): "drift",
}
"""The environment of each job that has a secret or an identity: its protection says whose code gets them."""

ON_MAIN = "github.ref == 'refs/heads/main'"
STILL_ON_MAIN = 'git merge-base --is-ancestor "$GITHUB_SHA" origin/main'
ACTION: dict[str, Any] = yaml.safe_load((FOLDER / "actions/tools/action.yml").read_text())

OURS = "python3 -m toolchain run -- python -m ops "


def job(workflow: str, name: str) -> dict[str, Any]:
    """A job of a workflow."""
    found: dict[str, Any] = WORKFLOWS[workflow]["jobs"][name]
    return found


def runs(workflow: str, name: str) -> dict[str, str]:
    """The shell commands of a job by their step's name."""
    return {step.get("name", ""): step["run"] for step in job(workflow, name)["steps"] if "run" in step}


def calls(command: str) -> Iterator[list[str]]:
    """The arguments of `ops` in a shell command."""
    for line in command.replace("\\\n", " ").splitlines():
        if OURS in line:
            yield shlex.split(line.split(OURS)[1].split(')"')[0])


def flags(words: list[str]) -> list[str]:
    """Their verb and flags, without values."""
    return [words[0], *sorted(word for word in words if word.startswith("--"))]


def test_there_are_those_that_are_wanted() -> None:
    assert set(FILES) == {"ci", "preview", "deploy", "drift"}


@pytest.mark.parametrize("file", [*FILES.values(), FOLDER / "actions/tools/action.yml"], ids=lambda file: file.name)
def test_every_action_of_others_is_one_commit_with_its_version_beside_it(file: Any) -> None:
    named = re.findall(r"uses: (\S+)(.*)", file.read_text())
    assert named or file.stem == "ci"
    for action, comment in named:
        if not action.startswith("./"):
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action), action
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), f"{action}{comment}"


def test_one_action_has_one_version() -> None:
    text = "".join(file.read_text() for file in [*FILES.values(), FOLDER / "actions/tools/action.yml"])
    pins: dict[str, set[str]] = {}
    for action, commit in re.findall(r"uses: ([\w./-]+)@([0-9a-f]{40})", text):
        pins.setdefault(action, set()).add(commit)
    assert [action for action, commits in pins.items() if len(commits) > 1] == []


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_allowed_that_a_job_does_not_ask_for(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}
    assert "concurrency" in WORKFLOWS[name]


@pytest.mark.parametrize("name", FILES)
def test_nobody_elses_code_starts_with_the_rights_of_main(name: str) -> None:
    """No trigger that checks out a fork's code with main's secrets, and no tag, which can be put on any commit."""
    triggers = WORKFLOWS[name][True]
    assert set(triggers) <= {"pull_request", "push", "schedule", "workflow_dispatch"}
    assert triggers.get("push", {"branches": ["main"]}) == {"branches": ["main"]}
    checkouts = [
        step for one in WORKFLOWS[name]["jobs"].values() for step in one["steps"] if "checkout@" in step.get("uses", "")
    ]
    assert all(set(step["with"]) == {"fetch-depth", "persist-credentials"} for step in checkouts), "another commit"


def secrets_of(document: Any) -> set[str]:
    """The secrets that the expressions of a part of a workflow name, however they do."""
    text = yaml.safe_dump(document, width=10_000)
    expressions = " ".join(re.findall(r"\$\{\{.*?\}\}", text, re.DOTALL))
    return {
        *re.findall(r"secrets(?:\.\w+|\[[^]]*\]|\b)", expressions),
        *re.findall(r"^ *secrets: \w+", text, re.MULTILINE),
    }


@pytest.mark.parametrize(("workflow", "name"), JOBS)
def test_who_gets_a_secret_or_an_identity_has_an_environment(workflow: str, name: str) -> None:
    found = job(workflow, name)
    assert found.get("environment") == ENVIRONMENTS.get((workflow, name))
    if "environment" not in found:
        assert secrets_of(found) == set() and "id-token" not in found["permissions"]
        assert not re.search(r"vars\.AWS", yaml.safe_dump(found["steps"]))
    elif workflow != "preview":
        assert str(found["if"]).startswith(ON_MAIN), "started by hand, it would run any branch's code"


@pytest.mark.parametrize(("workflow", "name"), JOBS)
def test_a_secret_is_named_and_reaches_one_step(workflow: str, name: str) -> None:
    found = job(workflow, name)
    outside = {key: value for key, value in found.items() if key != "steps"}
    assert secrets_of([outside, {**WORKFLOWS[workflow], "jobs": {}}]) == set()
    assert all(secret.startswith("secrets.") for secret in secrets_of(found)), "all of them at once"


def test_no_expression_is_part_of_a_script_of_the_action_either() -> None:
    assert [step["run"] for step in ACTION["runs"]["steps"] if "${{" in step.get("run", "")] == []


def test_a_platform_team_approves_what_decides_about_deployments() -> None:
    """.github/CODEOWNERS: the last pattern that fits a file counts."""
    lines = [line.split() for line in (FOLDER / "CODEOWNERS").read_text().splitlines() if line and line[0] != "#"]
    assert all(len(line) == 2 and line[1].startswith("@") for line in lines)
    patterns = [line[0] for line in lines]
    for path in [
        *("/.github/CODEOWNERS", "/.github/workflows/deploy.yml", "/.github/actions/tools/action.yml"),
        *("/policy/mandatory.json", "/policy/unsigned_images.yaml", "/policy/mimir_policy/exceptions.yaml"),
        *("/Pulumi.yaml", "/Pulumi.prod.yaml", "/requirements.txt", "/toolchain/versions.py"),
        *(
            "/ops/supply/commands/verify_image.py",
            "/components/image/image_signature.py",
            "/components/image/attestations.py",
        ),
    ]:
        assert (PROJECT / path[1:]).is_file(), path
        assert any(fnmatchcase(path, f"{one}*" if one.endswith("/") else one) for one in patterns), path


@pytest.mark.parametrize(("workflow", "name"), JOBS)
def test_every_job_asks_for_little_and_ends(workflow: str, name: str) -> None:
    found = job(workflow, name)
    assert found["permissions"] == PERMISSIONS[workflow, name]
    assert 0 < found["timeout-minutes"] <= 120
    [checkout] = [step for step in found["steps"] if "actions/checkout@" in step.get("uses", "")]
    assert checkout["with"]["persist-credentials"] is False
    assert checkout["with"]["fetch-depth"] == 0, "in a shallow clone an image would get another version"


@pytest.mark.parametrize(("workflow", "name"), JOBS)
def test_every_step_is_one_command_of_the_project(workflow: str, name: str) -> None:
    for step, command in runs(workflow, name).items():
        if command == STILL_ON_MAIN:
            continue
        words = re.findall(rf"{OURS}|\bmake [a-z]|python3 -m toolchain ensure", command)
        assert len(words) == 1, f"{step}: {command}"
        assert "${{" not in command, "an expression in a script is a place to inject one"


@pytest.mark.parametrize(("workflow", "name"), JOBS)
def test_every_command_takes_what_it_is_given(workflow: str, name: str) -> None:
    parser = commands.parser()
    for command in runs(workflow, name).values():
        for words in calls(command):
            try:
                parser.parse_args(words)
            except SystemExit:
                pytest.fail(f"{workflow}, {name}: {words}")


@pytest.mark.parametrize(("workflow", "name"), JOBS)
def test_a_job_is_not_root_so_its_cluster_is_one_of_kinds(workflow: str, name: str) -> None:
    """`make kind` comes first: the tools would start a registry that no node of it reaches."""
    commands = list(runs(workflow, name).values())
    pattern = r"make (test|e2e|cluster|pipeline)\b|ops throw-away .*\$STACK"
    assert ("make kind" in commands) == any(re.search(pattern, command) for command in commands)
    if "make kind" in commands:
        [made] = re.findall(r"^name=(\S+)$", (PROJECT / ".ci/kind").read_text(), re.MULTILINE)
        assert job(workflow, name)["env"][VARIABLE] == f"kind-{made}"
        assert commands[0] == "make kind"
        first, second, *_ = job(workflow, name)["steps"]
        assert "actions/checkout@" in first["uses"] and second["run"] == "make kind"


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    commands = [command for one in JOBS for command in runs(*one).values()]
    asked = {target for one in commands for words in re.findall(r"\bmake ([a-z ]+)", one) for target in words.split()}
    assert {"kind", "test"} <= asked <= targets


def test_every_group_of_tools_exists() -> None:
    wanted = {
        step["with"]["group"]
        for workflow, name in JOBS
        for step in job(workflow, name)["steps"]
        if "group" in step.get("with", {})
    }
    assert wanted and wanted <= set(GROUPS)


class TestDeploy:
    """The steps of `ops/pipeline/steps.py`, one digest all the way."""

    LOCAL_ONLY = ("checkout", "approve")

    @pytest.mark.parametrize("name", ["source", "image", "staging", "production"])
    def test_its_jobs_are_the_pipelines_steps_in_order(self, name: str) -> None:
        steps = [step for step in STEPS if step.job == name and step.name not in self.LOCAL_ONLY]
        found = {step: command for step, command in runs("deploy", name).items() if step in [one.name for one in steps]}
        assert list(found) == [step.name for step in steps]
        for step in steps:
            command = found[step.name]
            if step.command[0] == "make":
                assert command == " ".join(step.command)
            else:
                [words] = calls(command)
                # Here it is a workflow that signs, and on this machine a key.
                extra = ["--identity"] if step.name == "verify-image" else []
                assert flags(words) == flags([*step.command[3:], *extra])

    def test_each_job_waits_for_the_one_before(self) -> None:
        needs = {name: job("deploy", name).get("needs", []) for name in WORKFLOWS["deploy"]["jobs"]}
        assert needs == {"source": [], "image": "source", "staging": "image", "production": ["image", "staging"]}

    @pytest.mark.parametrize("name", ["staging", "production"])
    def test_the_digest_is_the_one_that_was_pushed(self, name: str) -> None:
        assert job("deploy", "image")["outputs"]["digest"] == "${{ steps.push.outputs.digest }}"
        assert job("deploy", name)["env"]["DIGEST"] == "${{ needs.image.outputs.digest }}"
        deployed = [words for command in runs("deploy", name).values() for words in calls(command)]
        assert all(words[words.index("--digest") + 1] == "$DIGEST" for words in deployed if words[0] in ("up", "check"))
        assert job("deploy", name)["environment"] == name

    def test_the_signer_that_is_believed_is_this_workflow_on_main_and_nothing_like_it(self) -> None:
        assert WORKFLOWS["deploy"]["env"]["IDENTITY"] == (
            "${{ github.server_url }}/${{ github.repository }}/.github/workflows/deploy.yml@refs/heads/main"
        )
        [words] = calls(runs("deploy", "production")["verify-image"])
        assert words[words.index("--identity") + 1] == "$IDENTITY"
        assert all("regexp" not in file.read_text() for file in FILES.values())

    def test_a_commit_that_was_taken_from_main_meanwhile_is_not_deployed(self) -> None:
        """An approval may come days later."""
        commands = list(runs("deploy", "production").values())
        assert commands.index(STILL_ON_MAIN) < next(i for i, one in enumerate(commands) if "ops up" in one)

    def test_the_digest_is_read_from_what_push_prints_last(self) -> None:
        """The lines of the step, run by a shell with a `push` that only prints."""
        script = runs("deploy", "image")["push"].replace("python3 -m toolchain run -- python -m ops push", "pushed")
        said = "pushing\\nghcr.io/team/mimir@sha256:0a"
        stub = f"pushed() {{ printf '{said}\\n'; }}; GITHUB_OUTPUT=/dev/stdout; REPOSITORY=x\n"
        done = subprocess.run(["bash", "-ec", stub + script], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == ["ref=ghcr.io/team/mimir@sha256:0a", "digest=sha256:0a"]
        failing = "pushed() { return 3; }; GITHUB_OUTPUT=/dev/stdout; REPOSITORY=x\n"
        assert subprocess.run(["bash", "-ec", failing + script], check=False).returncode == 3

    @pytest.mark.parametrize("name", ["staging", "production"])
    def test_no_state_is_made_that_ends_with_the_job(self, name: str) -> None:
        [tools] = [step for step in job("deploy", name)["steps"] if step.get("uses") == "./.github/actions/tools"]
        assert tools["with"]["needs-state"] is True and job("deploy", name)["env"]["PULUMI_BACKEND_URL"]
        script = yaml.safe_load((FOLDER / "actions/tools/action.yml").read_text())["runs"]["steps"][0]["run"]
        codes = [
            subprocess.run(["bash", "-ec", script], env={"PULUMI_BACKEND_URL": url}).returncode
            for url in ("", "s3://x")
        ]
        assert codes == [1, 0]

    def test_only_what_builds_may_write_packages_and_only_what_deploys_sees_secrets(self) -> None:
        writers = [
            name for name, one in WORKFLOWS["deploy"]["jobs"].items() if one["permissions"].get("packages") == "write"
        ]
        assert writers == ["image"]
        for name in ("source", "image"):
            assert set(re.findall(r"secrets\.(\w+)", yaml.safe_dump(job("deploy", name)))) <= {"REGISTRY_PASSWORD"}


class TestPreview:
    """A pull request may come from anybody, and its own code runs."""

    NEW: Mapping[str, Any] = WORKFLOWS["preview"]["jobs"]["new"]
    EXISTING: Mapping[str, Any] = WORKFLOWS["preview"]["jobs"]["existing"]
    OURS_AND_KNOWN = (
        "vars.PULUMI_BACKEND_URL != ''",
        "github.event.pull_request.head.repo.full_name == github.repository",
        "github.event.pull_request.user.login != 'dependabot[bot]'",
    )

    def test_it_is_for_pull_requests_and_their_labels(self) -> None:
        assert set(WORKFLOWS["preview"][True]["pull_request"]["types"]) >= {"opened", "synchronize", "labeled"}

    def test_a_fork_is_handed_no_secret(self) -> None:
        """Nor is any pull request that nobody has read: the environment wants a reviewer."""
        assert tuple(self.EXISTING["if"].split(" && ")) == self.OURS_AND_KNOWN
        assert secrets_of(self.NEW) == set() and "environment" not in self.NEW

    def test_each_stack_is_previewed_once(self) -> None:
        """Where the one job leaves staging and prod out, the other one has them."""
        assert self.EXISTING["strategy"]["matrix"]["stack"] == ["staging", "prod"]
        expression = self.NEW["strategy"]["matrix"]["stack"].removeprefix("${{ fromJSON((").removesuffix(") }}")
        condition, _, lists = expression.partition(") && ")
        opposite = [one.replace("!=", "==") if "!=" in one else one.replace("==", "!=") for one in self.OURS_AND_KNOWN]
        assert condition.split(" || ") == opposite
        assert [json.loads(one.strip("'")) for one in lists.split(" || ")] == [["dev", "staging", "prod"], ["dev"]]

    @pytest.mark.parametrize(("name", "suffix"), [("new", "-throwaway"), ("existing", "")])
    def test_what_is_previewed_is_what_is_shown(self, name: str, suffix: str) -> None:
        found = runs("preview", name)
        [previewed] = calls(found["preview"])
        [shown] = calls(found["comment"])
        assert previewed[previewed.index("--stack") + 1] == f"$STACK{suffix}"
        assert shown[shown.index("--report") + 1] == f".build/report/$STACK{suffix}.md"

    @pytest.mark.parametrize("name", ["new", "existing"])
    def test_nothing_is_pushed_or_deployed(self, name: str) -> None:
        verbs = {words[0] for command in runs("preview", name).values() for words in calls(command)}
        assert verbs - {"throw-away"} == {"preview", "comment"}


def test_the_documentation_lists_the_pipelines_steps() -> None:
    """docs/pipeline.md: a row for each step, in order."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (PROJECT / "docs/pipeline.md").read_text().splitlines()
        if line.startswith("| ") and line.count("|") == 6
    ][1:]
    assert [(row[0], row[1], row[4]) for row in rows] == [(step.name, step.purpose, step.job) for step in STEPS]
    for row, step in zip(rows, STEPS, strict=True):
        said = " ".join(step.command).replace("python -m ops", "ops")
        assert row[2] == (f"`{said}`" if said else "(a question)")
        assert row[3] == (step.evidence or "its output")
