"""What a person reads of a run: what was done as it ends, then the outputs, or the cause of the failure."""

from __future__ import annotations

import json

import pytest

from tests.unit.ops.display.recordings import NAMES, SECRET, recorded, shown, text

OUTPUTS = """\
Outputs:
    platforms:
        - linux/amd64
        - linux/arm64
    token: [secret]
    url: http://127.0.0.1:8080
    volumes:
        data: mimir-dev-data
        password: [secret]"""

WARNING = "warning: mimir:environment.jwtSecret: the application shows it to anyone"


def event(**content: object) -> str:
    """A line of the CLI's output."""
    return json.dumps({"sequence": 1, "timestamp": 1, **content})


def diagnostic(severity: str, message: str, **more: object) -> str:
    """A line of the CLI's output with a message."""
    return event(diagnosticEvent={"severity": severity, "message": f"{message}\n", "color": "never", **more})


def test_a_first_deployment(capsys: pytest.CaptureFixture[str]) -> None:
    output, errors = recorded(capsys, "created")
    assert "\n".join(output) == (
        "Updating (dev):\n"
        "a line that the program prints\n"
        f"{WARNING}\n"
        "    [linux/amd64 internal] load metadata for docker.io/library/golang:1.25 (1.4s)\n"
        "    [linux/amd64->arm64 build 4/4] RUN go build -trimpath -o /out/service . (12.6s)\n"
        "    [linux/amd64 build 4/4] RUN go build -trimpath -o /out/service . (14.1s)\n"
        " +  docker-build:index:Image mimir created\n"
        " +  pulumi-python:dynamic/docker:Network mimir-network created\n"
        " +  pulumi-python:dynamic/docker:Volume mimir-data created\n"
        " +  pulumi-python:dynamic/docker:Container mimir created\n"
        " +  pulumi:pulumi:Stack mimir-dev created\n"
        f"Resources: 5 created (0.0s)\n{OUTPUTS}"
    )
    assert errors == []


def test_an_update_without_a_change_shows_the_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    output, _ = recorded(capsys, "unchanged")
    assert "\n".join(output[3:]) == f"Resources: 5 unchanged (0.0s)\n{OUTPUTS}"


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_is_shown(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert SECRET in text(name) or name == "destroyed"
    output, errors = recorded(capsys, name)
    assert SECRET not in "\n".join(output + errors)


def test_the_cause_of_a_failure_is_last_and_nothing_looks_removed(capsys: pytest.CaptureFixture[str]) -> None:
    output, errors = recorded(capsys, "failed")
    assert output[-2:] == [
        " ++ pulumi-python:dynamic/docker:Container mimir creating replacement failed",
        "Resources: 4 unchanged (0.0s)",
    ]
    assert "\n".join(errors) == (
        "\n"
        "error: pulumi-python:dynamic/docker:Container mimir: Exception calling application: 1 error occurred:\n"
        "\t* container exited immediately\n"
        "error: Container mimir-2 did not become healthy in 35 s.\n"
        "  state       exited, exit code 1\n"
        "\n"
        "Fix the cause and run the same command again: it continues where this one stopped."
    )
    assert "url" not in "".join(output)


def test_steps_of_a_failed_build_are_shown_once_though_the_plugin_repeats_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output, _ = recorded(capsys, "failed")
    assert len([line for line in output if "RUN go build" in line]) == 2
    assert not [line for line in output if "#" in line]


def test_a_preview_and_its_update_warn_once_and_only_the_update_tells_of_resources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output, _ = recorded(capsys, "advised")
    preview, update = "\n".join(output).split("Updating (dev):\n")
    assert preview == (
        "Previewing (dev):\n"
        "a line that the program prints\n"
        f"{WARNING}\n"
        "Policies:\n"
        "    ⚠️ mimir-policy@v1.0.0\n"
        "        - [advisory]  network-internal  (pulumi-python:dynamic/docker:Network: mimir-network)\n"
        "          Networks are internal.\n"
        "          Network mimir-network: options.internal is false; allowed: true.\n"
        "          fix: set it\n"
        "        - [advisory]  budget  (pulumi:pulumi:Stack: mimir-dev)\n"
        "          A stack has a budget.\n"
        "          There is no budget.\n"
        "          fix: declare one\n"
    )
    assert update == (
        "a line that the program prints\n"
        " ++ pulumi-python:dynamic/docker:Container mimir created replacement\n"
        " -- pulumi-python:dynamic/docker:Container mimir deleted original\n"
        "Policies:\n"
        "    ⚠️ mimir-policy@v1.0.0\n"
        f"Resources: 1 replaced, 4 unchanged (0.0s)\n{OUTPUTS}"
    )


def test_what_a_policy_stops_ends_with_its_violations(capsys: pytest.CaptureFixture[str]) -> None:
    output, errors = recorded(capsys, "refused")
    assert output[-2:] == ["Policies:", "    ❌ mimir-policy@v1.0.0"]
    assert errors[:4] == [
        "",
        "Policy violations:",
        "    - [mandatory]  network-internal  (pulumi-python:dynamic/docker:Network: mimir-network)",
        "      Networks are internal.",
    ]
    assert errors[-1] == "      fix: declare one", "it says itself what to do"


def test_a_refresh_tells_what_differs(capsys: pytest.CaptureFixture[str]) -> None:
    output, _ = recorded(capsys, "drifted")
    assert output[1:3] == [
        " ~  pulumi-python:dynamic/docker:Network mimir-network is gone",
        " ~  pulumi-python:dynamic/docker:Volume mimir-data was changed outside of Pulumi",
    ]
    assert "Resources: 1 created, 1 replaced, 1 updated, 2 unchanged (0.0s)" in output


def test_what_a_destroy_leaves_is_not_called_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    output, _ = recorded(capsys, "destroyed")
    assert " -  pulumi-python:dynamic/docker:Volume mimir-data removed from the state only" in output
    assert " -  pulumi-python:dynamic/docker:Network mimir-network deleted" in output
    assert output[-1] == "Resources: 6 deleted (0.0s)", "without outputs, which are gone"


def test_who_stops_an_update_is_told_what_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    output, errors = recorded(capsys, "cancelled")
    assert "SIGTERM received; cancelling. If you would like to terminate immediately, send SIGTERM again." in output
    again = "Run the same command again: it continues where this one stopped."
    assert errors == ["", "error: update canceled", "", again]


class TestTheCliItself:
    """Messages that are no events."""

    LOCKED = (
        "error: the stack is currently locked by 1 lock(s). Either wait or delete the lock file with `pulumi cancel`.",
        "  file:///state/locks/dev.json: created by me@here (pid 1)",
    )

    def test_an_error_is_the_cause_in_full_and_after_it_stands_what_to_do(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, errors = shown(capsys, "", self.LOCKED, code=255)
        step = "Another update is running. Wait until it ends; or, if it was killed: pulumi cancel --yes dev"
        assert errors == ["", *self.LOCKED, "", step]

    def test_an_error_without_a_known_step_stands_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        error = 'error: failed to load Pulumi policy project located at "policy": no such file'
        _, errors = shown(capsys, event(policyLoadEvent={}), [error], code=255)
        assert errors == ["", error]

    def test_a_warning_that_is_an_event_too_is_shown_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        output, errors = shown(capsys, diagnostic("warning", "a plugin is old"), ["warning: a plugin is old", ""])
        assert output.count("warning: a plugin is old") == 1 and errors == []

    def test_other_messages_are_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        output, errors = shown(capsys, "Installing dependencies...\n\n42\n", ["Downloading the pack"])
        assert "Installing dependencies..." in output and "42" in output
        assert errors == ["Downloading the pack"]

    def test_a_silent_death_is_a_cause_too(self, capsys: pytest.CaptureFixture[str]) -> None:
        _, errors = shown(capsys, code=-9)
        assert errors[1] == "error: pulumi ended with exit code -9, without a message"

    def test_a_plugin_that_is_downloaded_is_named_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        progress = {"type": "plugin-download", "id": "docker", "message": "Downloading docker", "total": 9}
        output, _ = shown(capsys, "\n".join(event(progressEvent={**progress, "received": done}) for done in range(9)))
        assert output == ["Updating (dev):", "Downloading docker"]


def test_an_error_that_stops_nothing_is_shown_with_the_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    output, errors = shown(capsys, f"{diagnostic('error', 'the old container is still there')}\n{text('unchanged')}")
    assert errors == ["error: the old container is still there"]
    assert "Outputs:" in output


def test_a_failure_without_a_cause_says_what_pulumi_says(capsys: pytest.CaptureFixture[str]) -> None:
    _, errors = shown(capsys, diagnostic("error", "update failed"), code=255)
    assert errors == ["", "error: update failed"]


@pytest.mark.parametrize(("is_planned", "is_told"), [(False, True), (True, False)], ids=["an update", "a preview"])
def test_only_what_may_have_changed_something_can_be_continued(
    capsys: pytest.CaptureFixture[str], is_planned: bool, is_told: bool
) -> None:
    metadata = {"op": "create", "urn": "urn:pulumi:dev::mimir::docker:index/network:Network::mimir"}
    begun = event(resourcePreEvent={"metadata": metadata, "planning": is_planned})
    _, errors = shown(capsys, f"{begun}\n{diagnostic('error', 'no route to host')}", code=255)
    assert ("it continues where this one stopped" in errors[-1]) == is_told


def test_the_same_error_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    line = diagnostic("error", "no registry answers")
    _, errors = shown(capsys, f"{line}\n{line}", code=255)
    assert errors == ["", "error: no registry answers"]


@pytest.mark.parametrize("severity", ["info", "warning", "error"])
def test_progress_of_other_plugins_is_not_shown(capsys: pytest.CaptureFixture[str], severity: str) -> None:
    urn = "urn:pulumi:dev::mimir::kubernetes:apps/v1:Deployment::mimir"
    output, errors = shown(capsys, diagnostic(severity, "[1/2] Waiting for pods", urn=urn, ephemeral=True))
    assert (output, errors) == (["Updating (dev):"], [])


def test_what_the_program_writes_to_its_error_output_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    output, _ = shown(capsys, diagnostic("info#err", "ValueError: broken pack\n"))
    assert output == ["Updating (dev):", "ValueError: broken pack"]


def test_a_warning_names_its_resource(capsys: pytest.CaptureFixture[str]) -> None:
    urn = "urn:pulumi:dev::mimir::mimir:docker:Service$docker:index/container:Container::mimir"
    output, _ = shown(capsys, diagnostic("warning", "an old engine", urn=urn))
    assert output[-1] == "warning: docker:index:Container mimir: an old engine"
