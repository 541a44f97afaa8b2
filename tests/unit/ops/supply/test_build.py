"""A build outside of an update: from the stack's own settings, through buildx, with what went into it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.image import buildx
from components.image.build_context import BuildContext
from components.settings import Settings
from components.source.source import Revision
from ops.stack import stack_settings
from ops.stack.stack_error import StackError
from tests.support.fake_cli import project

CONTEXT = BuildContext(Path(".build/context/x"), Revision(None, 0, None), False, "0" * 64)
SETTINGS = Settings.model_validate({"image": {"goProxy": "https://me:pr0xy-passw0rd@proxy.example.com"}})
DIGEST = f"sha256:{'1' * 64}"
BASE = {"uri": "pkg:docker/golang@1", "digest": {"sha256": "2" * 64}}
METADATA = {
    "containerimage.digest": DIGEST,
    "buildx.build.provenance/linux/amd64": {"materials": [BASE]},
    "buildx.build.provenance/linux/arm64": {"materials": [BASE]},
}


class TestBuildx:
    """What buildx is told, and what it says."""

    @pytest.fixture
    def called(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A buildx that notes how it was called, and leaves METADATA."""
        (tmp_path / "metadata.json").write_text(json.dumps(METADATA))
        (tmp_path / "docker-buildx").write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/called\necho "$MIMIR_BUILD_GOPROXY" > {tmp_path}/proxy\n'
            f'for one; do case $one in --metadata-file=*) cp {tmp_path}/metadata.json "${{one#*=}}";; esac; done\n'
        )
        (tmp_path / "docker-buildx").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path / "called"

    def test_the_digest_and_each_base_image_once(self, called: Path) -> None:
        assert buildx.build(SETTINGS, CONTEXT) == buildx.Built(DIGEST, (BASE,))

    def test_an_older_buildx_is_asked_about_each_platform(self, called: Path) -> None:
        """It gives the provenance of a build for one platform only (0.29)."""
        metadata = called.with_name("metadata.json")
        metadata.write_text(json.dumps({"containerimage.digest": DIGEST}))
        script = called.with_name("docker-buildx")
        one = json.dumps({"buildx.build.provenance": {"materials": [BASE]}})
        script.write_text(
            script.read_text()
            + f"for one; do case $one in --metadata-file=*) file=${{one#*=}};; --platform=*,*) several=1;; esac; done\n"
            f'[ "$several" ] || echo \'{one}\' > "$file"\n'
        )
        assert buildx.build(SETTINGS, CONTEXT) == buildx.Built(DIGEST, (BASE,))
        assert "--output=type=cacheonly" in called.read_text().splitlines()

    def test_a_digest_is_had_without_a_push_for_every_platform(self, called: Path) -> None:
        assert buildx.digest_of(SETTINGS, CONTEXT) == DIGEST
        told = called.read_text().splitlines()
        assert "--platform=linux/amd64,linux/arm64" in told
        [output] = [word for word in told if word.startswith("--output=")]
        assert "push=false" in output and "rewrite-timestamp=true" in output

    def test_the_module_proxy_is_no_argument(self, called: Path) -> None:
        buildx.build(SETTINGS, CONTEXT)
        assert "pr0xy-passw0rd" not in called.read_text()
        assert "pr0xy-passw0rd" in called.with_name("proxy").read_text()

    def test_a_build_that_fails_says_why(self, called: Path) -> None:
        called.with_name("docker-buildx").write_text("#!/bin/sh\necho 'main.go:1: undefined: x' >&2\nexit 1\n")
        with pytest.raises(buildx.BuildError, match="undefined: x"):
            buildx.build(SETTINGS, CONTEXT)

    def test_without_buildx_it_says_how_to_get_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(buildx.BuildError, match="make tools"):
            buildx.digest_of(SETTINGS, CONTEXT)


class TestSettings:
    """The settings of a stack, read outside of a Pulumi run."""

    @staticmethod
    def cli(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: object, code: int = 0) -> None:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        (folder / "answer").write_text(text)
        stream = "" if code == 0 else " >&2"
        script = f'#!/bin/sh\nprintf "%s\\n" "$@" > called\ncat answer{stream}\nexit {code}\n'
        project(folder, monkeypatch, script, ())

    def test_they_are_what_the_program_would_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        said = {
            "mimir:environment": {"value": '{"port": 9000}', "objectValue": {"port": 9000}, "secret": False},
            "docker:host": {"value": "unix:///x", "secret": False},
        }
        self.cli(tmp_path, monkeypatch, said)
        Path("elsewhere").mkdir()
        Path("elsewhere/go.mod").write_text("module elsewhere\n")
        settings = stack_settings.load_settings("dev", {"source": {"location": "elsewhere"}})
        assert (settings.environment.port, settings.source.location) == (9000, "elsewhere")

    def test_every_problem_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        values = {"mimir:environment": '{"port": 0}', "mimir:nothing": "x"}
        self.cli(tmp_path, monkeypatch, {key: {"value": value} for key, value in values.items()})
        with pytest.raises(StackError, match=r"(?s)mimir:environment\.port.*mimir:nothing"):
            stack_settings.load_settings("dev", {})

    def test_a_secret_in_the_clear_is_refused_and_not_shown(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        value = json.dumps({"jwtSecret": "kQ7vW2xR9mZ4tB6nP1sL8dF3gH5jY0cA"})
        self.cli(tmp_path, monkeypatch, {"mimir:environment": {"value": value, "secret": False}})
        with pytest.raises(StackError, match="plain text") as refusal:
            stack_settings.load_settings("dev", {})
        assert "kQ7vW2xR" not in str(refusal.value)

    def test_what_the_cli_says_is_passed_on(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cli(tmp_path, monkeypatch, "incorrect passphrase", 255)
        with pytest.raises(StackError, match="incorrect passphrase"):
            stack_settings.load_settings("dev", {})
