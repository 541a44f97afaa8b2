"""What a user is told about a failed build, from what BuildKit says."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.image import build_failure
from components.image.build_context import BuildContext
from components.image.build_failure import diagnose, failed_step
from components.settings import Settings
from components.source.source import Revision

SETTINGS = Settings.model_validate(
    {
        "source": {"location": "./service"},
        "image": {"goImage": "mirror.example.com/go:1", "goProxy": "https://me:pr0xy-passw0rd@proxy.example.com"},
        "registry": {"address": "registry.example.com", "repository": "team/mimir"},
    }
)
STEP = 'failed to solve: process "/bin/sh -c {command}" did not complete successfully: exit code: 1'
COMPILE = STEP.format(command='GOOS=$TARGETOS GOARCH=$TARGETARCH go build -ldflags=\\"$GO_LDFLAGS\\" -o /out/mimir')
DOWNLOAD = STEP.format(command="go mod download")
SOURCE, MODULES, PUSH, REGISTRY, BASE, DISK = (
    "The source at ./service does not compile",
    "mimir:image.goProxy",
    "mimir:registry.password",
    "mimir:registry.address",
    "mimir:image.goImage",
    "is its disk full?",
)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        pytest.param(COMPILE, SOURCE, id="compile error"),
        pytest.param(DOWNLOAD, MODULES, id="modules"),
        pytest.param(
            "failed to solve: failed to push registry.example.com/team/mimir:1: unexpected status from POST request to "
            "https://registry.example.com/v2/team/mimir/blobs/uploads/: 401 Unauthorized",
            PUSH,
            id="push 401",
        ),
        pytest.param(
            "failed to solve: failed to push registry.example.com/team/mimir:1: push access denied, repository does "
            "not exist or may require authorization: server message: insufficient_scope: authorization failed",
            PUSH,
            id="push denied",
        ),
        pytest.param(
            'failed to solve: failed to push registry.example.com/team/mimir:1: failed to do request: Head "https://'
            'registry.example.com/v2/team/mimir/blobs/sha256:1": dial tcp 10.0.0.1:443: connect: connection refused',
            REGISTRY,
            id="push refused",
        ),
        pytest.param(
            "failed to solve: failed to push registry.example.com/team/mimir:1: failed to do request: dial tcp: lookup "
            "registry.example.com on 10.0.0.2:53: no such host",
            REGISTRY,
            id="push to nowhere",
        ),
        pytest.param(
            "failed to solve: failed to push registry.example.com:5000/team/mimir:1: unexpected status from PUT "
            "request to https://registry.example.com:5000/v2/team/mimir/blobs/uploads/1: 500 Internal Server Error",
            DISK,
            id="push 500",
        ),
        pytest.param(
            "failed to solve: failed to push registry.example.com:5000/team/mimir:1: failed to do request: Head "
            '"http://registry.example.com:5000/v2/": dial tcp 10.5.0.1:5000: i/o timeout',
            REGISTRY,
            id="push to port 5000",
        ),
        pytest.param(
            "failed to solve: mirror.example.com/go:1: failed to resolve source metadata for mirror.example.com/go:1: "
            "mirror.example.com/go:1: not found",
            BASE,
            id="no such base",
        ),
        pytest.param(
            "failed to solve: golang:1: failed to resolve source metadata for docker.io/library/golang:1: failed to do "
            'request: Head "https://registry-1.docker.io/v2/library/golang/manifests/1": dial tcp: lookup '
            "registry-1.docker.io: no such host",
            BASE,
            id="base out of reach",
        ),
        pytest.param(
            "failed to solve: golang:1: failed to resolve source metadata for docker.io/library/golang:1: pull access "
            "denied, repository does not exist or may require authorization: server message: insufficient_scope",
            BASE,
            id="base denied",
        ),
        pytest.param(
            "failed to solve: x/go:1: failed to resolve source metadata for x/go:1: unexpected status from HEAD "
            "request to https://x/v2/go/manifests/1: 401 Unauthorized",
            BASE,
            id="base 401",
        ),
    ],
)
def test_the_cause_is_named_with_the_setting_to_check(error: str, cause: str) -> None:
    said = diagnose(error, SETTINGS)
    assert said is not None
    assert cause in said


@pytest.mark.parametrize(
    "error",
    [
        pytest.param("failed to solve: dockerfile parse error on line 3: unknown instruction: FORM", id="dockerfile"),
        pytest.param(
            "failed to solve: failed to compute cache key: failed to calculate checksum of ref 1a401f::c: not found",
            id="401 in a digest",
        ),
        pytest.param(
            "failed to solve: failed to read /var/lib/buildkit/content: permission denied", id="the builder's own files"
        ),
        pytest.param(
            'failed to list workers: Unavailable: connection error: desc = "transport: Error while dialing: dial tcp '
            '127.0.0.1:1234: connect: connection refused"',
            id="no builder",
        ),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_not_understood_is_left_to_buildkits_own_words(error: str) -> None:
    assert diagnose(error, SETTINGS) is None


def test_the_repository_is_named() -> None:
    assert "registry.example.com/team/mimir" in str(diagnose("failed to push: 401 Unauthorized", SETTINGS))


OUTPUT = """#12 [linux/amd64 service 5/5] RUN go build
#12 ERROR: process "/bin/sh -c go build" did not complete successfully: exit code: 1
------
 > [linux/amd64 service 5/5] RUN go build -o /out/mimir "$PACKAGE":
0.412 # example.com/service
1.731 ./main.go:7:2: undefined: missing
1.731 ./main.go:9:10: not enough arguments in call to serve
------
Dockerfile:57
--------------------
  57 | >>> RUN go build
--------------------
ERROR: failed to build: failed to solve: exit code: 1
"""


def test_the_compilers_own_lines_are_found() -> None:
    assert failed_step(OUTPUT) == [
        "# example.com/service",
        "./main.go:7:2: undefined: missing",
        "./main.go:9:10: not enough arguments in call to serve",
    ]
    assert failed_step("#1 DONE 0.1s") == []


class TestHook:
    """What a failed build prints."""

    @pytest.fixture
    def said(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        errors: list[str] = []
        monkeypatch.setattr(pulumi.log, "error", errors.append)
        return errors

    @pytest.fixture
    def buildx(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A buildx that fails as a compile error does, and notes how it was called."""
        (tmp_path / "output").write_text(OUTPUT)
        script = f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/called\ncat {tmp_path}/output >&2\nexit 1\n'
        (tmp_path / "docker-buildx").write_text(script)
        (tmp_path / "docker-buildx").chmod(stat.S_IRWXU)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path / "called"

    @staticmethod
    def fail(monkeypatch: pytest.MonkeyPatch, *errors: str) -> bool:
        """Run the hook that the program registers."""
        made: list[Any] = []
        monkeypatch.setattr(pulumi, "ErrorHook", lambda name, callback: made.append(callback))
        context = BuildContext(Path(".build/context/dev"), Revision(None, 0, None), False, "0" * 64)
        build_failure.hook("mimir", SETTINGS, context)
        return bool(made[0](type("Args", (), {"errors": list(errors)})()))

    def test_a_compile_error_shows_cause_and_lines(
        self, said: list[str], buildx: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.fail(monkeypatch, COMPILE) is False, "trying again compiles no better"
        assert len(said) == 1
        assert said[0].startswith(SOURCE)
        assert "  ./main.go:7:2: undefined: missing" in said[0].splitlines()

    def test_the_lines_are_got_without_a_push_and_without_the_proxy_in_the_open(
        self, said: list[str], buildx: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.fail(monkeypatch, COMPILE)
        called = buildx.read_text().splitlines()
        assert "--output=type=cacheonly" in called
        assert "--push" not in called
        assert "pr0xy-passw0rd" not in "".join(called), "anyone on the machine sees arguments"
        assert "pr0xy-passw0rd" not in said[0]

    def test_a_failed_push_is_not_built_again(
        self, said: list[str], buildx: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.fail(monkeypatch, "failed to push registry.example.com/team/mimir:1: 401 Unauthorized")
        assert not buildx.exists()
        assert PUSH in said[0]

    def test_without_buildx_there_is_still_a_cause(
        self, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        self.fail(monkeypatch, COMPILE)
        assert said == [f"{SOURCE}:"]

    def test_nothing_is_said_that_buildkit_says_better(self, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.fail(monkeypatch, "dockerfile parse error")
        assert said == []
