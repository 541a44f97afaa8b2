"""Development mode (`make live`): the source mounted, rebuilt and restarted on save."""

from __future__ import annotations

import pytest

from tests.support import program
from tests.support.program import Run


@pytest.fixture(scope="module")
def live() -> Run:
    """The sample in development mode."""
    return program.run({"liveReload": True, "limits": {"cpus": 2.5}, "environment": {"port": 9001}})


def test_the_source_is_mounted_and_cannot_be_written(live: Run) -> None:
    mount = next(one for one in live.service["mounts"] if one["type"] == "bind")
    assert mount["source"].startswith("/"), "the engine knows no other folder"
    assert mount["source"].endswith("/sample")
    assert (mount["target"], mount["readOnly"]) == ("/src", True)


def test_the_compilers_caches_outlive_the_container_but_not_the_stack(live: Run) -> None:
    targets = {one["source"]: one["target"] for one in live.service["mounts"]}
    assert targets["mimir-dev-go-mod"] == "/go/pkg/mod"
    assert targets["mimir-dev-go-build"] == "/cache"
    assert live.resource("Volume", "cache-go-mod").options.protect is False


def test_it_has_room_and_time_for_a_compiler(live: Run) -> None:
    assert live.service["memory"] >= 2048
    assert live.service["waitTimeout"] >= 120
    assert live.service["healthcheck"]["startPeriod"] == "2m0s"


def test_threads_are_rounded_up_here_too(live: Run) -> None:
    assert live.cpus == 2.5
    assert live.env["GOMAXPROCS"] == "3"


def test_the_port_reaches_the_restarted_server(live: Run) -> None:
    assert live.env["PORT"] == "9001"
    assert not live.service.get("command"), "the image's entry point watches and builds"


def test_it_is_as_hardened_as_any(live: Run) -> None:
    service = live.service
    assert service["readOnly"] is True
    assert service["capabilities"] == {"drops": ["ALL"]}
    assert service["user"] == "65532:65532"


def test_it_never_takes_the_tag_of_a_real_image(live: Run) -> None:
    built = live.one("Image")
    assert built["dockerfile"]["location"] == "container/Dockerfile.dev"
    assert built["tags"][0].split(":")[-1].startswith("live-")
    assert not built.get("platforms"), "the builder's own"
    assert "platforms" not in live.outputs
