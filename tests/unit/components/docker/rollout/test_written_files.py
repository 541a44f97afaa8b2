"""Files that a deployment wrote into a volume are written again when they are lost, and otherwise left alone."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from docker.errors import APIError, NotFound

from components.docker.rollout import written_files
from tests.support.fake_engine import LABEL, Thing

FOLDER = "/etc/mimir-edge"
TEXTS = {"haproxy.cfg": "global\n", "keys.map": "# ä key\n"}


class Carrier:
    """A container that is made to write into the volume."""

    def __init__(self, refusal: APIError | None) -> None:
        self.refusal = refusal
        self.written: dict[str, tuple[str, int]] = {}
        self.removed = False

    def put_archive(self, folder: str, archive: bytes) -> None:
        if self.refusal:
            raise self.refusal
        assert folder == FOLDER
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for member in tar:
                content = tar.extractfile(member)
                assert content and member.uid == 0
                self.written[member.name] = (content.read().decode(), member.mode)

    def remove(self, force: bool) -> None:
        self.removed = force


class Container(Thing):
    """The container that has the volume mounted; None where not even the folder is left."""

    def __init__(self, present: dict[str, str] | None, refusal: APIError | None = None) -> None:
        super().__init__({"Image": "sha256:1"}, LABEL)
        self.present, self.carrier = present, Carrier(refusal)
        self.created_with: dict[str, Any] = {}

    def get_archive(self, folder: str) -> tuple[Iterator[bytes], dict[str, Any]]:
        assert folder == FOLDER
        if self.present is None:
            raise NotFound("404", explanation=f"Could not find the file {FOLDER}")
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            top = tarfile.TarInfo("mimir-edge")
            top.type = tarfile.DIRTYPE
            archive.addfile(top)
            for name, text in self.present.items():
                member = tarfile.TarInfo(f"mimir-edge/{name}")
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        return iter([buffer.getvalue()[:100], buffer.getvalue()[100:]]), {}

    def create(self, image: str, **how: Any) -> Carrier:
        self.created_with = {"image": image, **how}
        return self.carrier


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user is told."""
    messages: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", messages.append)
    return messages


def restore(container: Container) -> bool:
    """Restore the files of this container's volume."""
    return written_files.restore(container, "mimir-dev-edge-files", FOLDER, TEXTS)  # type: ignore[arg-type]


def test_files_that_are_there_are_left_alone(warnings: list[str]) -> None:
    container = Container({**TEXTS, "of-an-earlier-release.map": "x"})
    assert not restore(container)
    assert container.created_with == {} and warnings == []


@pytest.mark.parametrize(
    "present",
    [None, {}, {"haproxy.cfg": "global\n"}, {**TEXTS, "keys.map": "# another\n"}],
    ids=["no folder", "empty", "one is missing", "one was changed"],
)
def test_lost_files_are_written_again_as_they_were(warnings: list[str], present: dict[str, str] | None) -> None:
    container = Container(present)
    assert restore(container)
    assert container.carrier.written == {name: (text, 0o444) for name, text in TEXTS.items()}
    assert container.carrier.removed
    assert "Volume mimir-dev-edge-files" in warnings[0] and "keys.map" in warnings[0]
    assert "# ä key" not in warnings[0], "a file may be a secret"


def test_they_are_written_by_a_container_that_never_starts(warnings: list[str]) -> None:
    """The edge and the application have their volumes read-only."""
    container = Container({})
    restore(container)
    [mount] = container.created_with["mounts"]
    assert (mount["Source"], mount["Target"], mount["ReadOnly"]) == ("mimir-dev-edge-files", FOLDER, False)
    assert container.created_with["network_mode"] == "none"
    assert container.created_with["labels"] == LABEL, "what a kill leaves is known as this deployment's"


def test_an_engine_without_space_leaves_no_container(warnings: list[str]) -> None:
    container = Container({}, APIError("500", explanation="no space left on device"))
    with pytest.raises(APIError):
        restore(container)
    assert container.carrier.removed and warnings == []
