"""A stack that the last release has deployed to an engine is updated: the application moves to the internal network."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from tests.e2e.conftest import NewStack
from tests.support.e2e import release
from tests.support.e2e.load import Load

pytestmark = pytest.mark.e2e


def test_on_a_docker_engine(new_stack: NewStack, tmp_path: Path, engine: docker.DockerClient) -> None:
    stack = new_stack(folder=release.files(tmp_path))
    stack.up().ok()

    def containers() -> dict[str, str]:
        running = engine.containers.list(filters=stack.mine)
        return {str(container.name): f"{container.id} {container.attrs['State']['StartedAt']}" for container in running}

    before, volumes = containers(), stack.outputs()["volumes"]
    newer = release.updated(stack, tmp_path / "newer")
    moving = {f"mimir-{stack.name}", "mimir-internal", "mimir-edge-carrier"}
    assert {urn.rsplit("::", 1)[-1] for _, urn in release.planned(newer)} <= moving
    with Load(stack.outputs()["url"]) as load:
        newer.up().ok()
    edge = f"mimir-{stack.name}-edge"
    after = containers()
    assert after[edge] == before[edge], "the same edge, started once"
    [service] = after.keys() - {edge}
    assert engine.containers.get(service).attrs["NetworkSettings"]["Networks"].keys() == {
        f"mimir-{stack.name}-internal"
    }
    assert newer.outputs()["volumes"] == volumes
    assert load.report.failed == 0, load.report
