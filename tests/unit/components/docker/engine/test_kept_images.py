"""The last images of a stack stay on the engine and the rest of them goes; nothing of another stack's does."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from docker.errors import APIError, DockerException, ImageNotFound

from components.docker.engine import kept_images
from tests.support.fake_engine import MIMIR, SETTINGS, Use

OWN, OTHER = "mimir-dev-deployed", "mimir-staging-deployed"


class Image:
    """An image on the engine, by its digest and with these tags."""

    def __init__(self, docker: Docker, number: int, *tags: str) -> None:
        self.docker, self.id = docker, f"sha256:{number}"
        self.tags = [*tags]
        self.attrs = {"RepoDigests": [digest(number)]}

    def tag(self, repository: str, tag: str) -> None:
        self.tags.append(f"{repository}:{tag}")

    @property
    def names(self) -> list[str]:
        """All names of it; without one it is gone."""
        return [*self.tags, *self.attrs["RepoDigests"]]


class Docker:
    """An engine with these images, of which containers were made from some."""

    def __init__(self) -> None:
        self.images = self.containers = self
        self.there: list[Image] = []
        self.used: set[str] = set()

    def has(self, number: int, *tags: str) -> Image:
        """Put an image on the engine."""
        image = Image(self, number, *tags)
        self.there.append(image)
        return image

    @property
    def numbers(self) -> list[str]:
        """Which images are left."""
        return [image.id for image in self.there]

    def get(self, name: str) -> Image:
        for image in self.there:
            if name in (image.id, *image.names):
                return image
        raise ImageNotFound(name)

    def list(self, name: str = "", all: bool = False, filters: dict[str, str] | None = None) -> list[Any]:
        if filters:
            return [object()] if all and filters["ancestor"] in self.used else []
        return [image for image in self.there if any(tag.split(":")[0] == name for tag in image.tags)]

    def remove(self, name: str) -> None:
        image = self.get(name)
        if image.names == [name] and image.id in self.used:
            raise APIError("409 Conflict", explanation="image is being used")
        for names in (image.tags, image.attrs["RepoDigests"]):
            if name in names:
                names.remove(name)
        if not image.names:
            self.there.remove(image)


def digest(number: int) -> str:
    """The name under which an image was pulled."""
    return f"registry.example.com/mimir@sha256:{number}"


@pytest.fixture
def engine() -> Docker:
    """An engine on which the stack has run five images, the last of them number 5."""
    docker = Docker()
    for number in range(1, 6):
        docker.has(number, f"{OWN}:2026010{number}-000000-000000")
    return docker


def keep(docker: Docker, number: int, count: int = 5) -> None:
    """Deploy an image, which the engine has pulled."""
    kept_images.keep_image(docker, "mimir-dev", digest(number), count)  # type: ignore[arg-type]


def test_the_oldest_goes_when_a_new_one_was_deployed(engine: Docker) -> None:
    engine.has(6)
    keep(engine, 6)
    assert engine.numbers == [f"sha256:{number}" for number in range(2, 7)]


def test_an_update_without_a_new_image_changes_nothing(engine: Docker) -> None:
    before = [image.names for image in engine.there]
    keep(engine, 5)
    assert [image.names for image in engine.there] == before


def test_an_image_that_is_deployed_again_is_the_newest_and_counts_once(engine: Docker) -> None:
    keep(engine, 1)
    assert len(engine.there) == 5
    assert [len(image.tags) for image in engine.there] == [1] * 5
    engine.has(6)
    keep(engine, 6)
    assert "sha256:1" in engine.numbers and "sha256:2" not in engine.numbers


def test_a_smaller_number_takes_effect_at_once(engine: Docker) -> None:
    keep(engine, 5, count=2)
    assert engine.numbers == ["sha256:4", "sha256:5"]


def test_what_another_stack_keeps_or_somebody_named_stays_whole(engine: Docker) -> None:
    engine.get(digest(1)).tags.append(f"{OTHER}:20260101-000000-000000")
    engine.get(digest(2)).tags.append("mine:1")
    keep(engine, 5, count=1)
    assert engine.numbers == ["sha256:1", "sha256:2", "sha256:5"]
    assert engine.get("sha256:1").names == [f"{OTHER}:20260101-000000-000000", digest(1)], "by its digest as well"


def test_what_a_container_was_made_from_stays_by_its_digest(engine: Docker) -> None:
    """The other stack of an earlier release, say, which keeps no list."""
    engine.used.add("sha256:1")
    mirror = "mirror.example.com/mimir@sha256:1"
    engine.get("sha256:1").attrs["RepoDigests"].append(mirror)
    keep(engine, 5, count=1)
    assert engine.get("sha256:1").names == [digest(1), mirror], "an engine refuses to remove the last name only"


def test_images_that_this_stack_never_ran_are_not_looked_at(engine: Docker) -> None:
    engine.has(7)
    engine.has(8, f"{OTHER}:20260101-000000-000000")
    keep(engine, 5, count=1)
    assert engine.numbers == ["sha256:5", "sha256:7", "sha256:8"]


def test_a_stack_that_is_removed_keeps_none(engine: Docker) -> None:
    engine.get(digest(1)).tags.append(f"{OTHER}:20260101-000000-000000")
    kept_images.remove_all(engine, "mimir-dev")  # type: ignore[arg-type]
    assert engine.numbers == ["sha256:1"]


def test_an_update_that_succeeded_does_not_fail_for_it(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    docker = use(Docker())

    def get(_: str) -> Image:
        raise DockerException("no engine")

    docker.get = get
    assert kept_images.clean_up(SETTINGS, MIMIR, "ready", digest(1)) == "ready"
    assert "no engine" in warnings[0]


def test_stacks_have_names_of_their_own_whatever_they_are_called() -> None:
    names = [kept_images.repository(f"mimir-{stack}") for stack in ("dev", "Dev", "dev_", "my.stack")]
    assert len(set(names)) == 4
    assert all(kept_images.VALID.fullmatch(name) for name in names)
