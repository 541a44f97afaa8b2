"""Data that is being deleted in the cluster is said before anything is done: the next rollout would be its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.kubernetes.cluster import cluster
from components.kubernetes.cluster.deletions import deletions
from components.problems import Problem
from components.settings import Settings
from tests.support.configuration import merged
from tests.support.fake_cluster import Api
from tests.support.settings_tables import CLUSTER

SPACE = "/api/v1/namespaces/mimir-dev"
CLAIMS = f"{SPACE}/persistentvolumeclaims"
VOLUME = "/api/v1/persistentvolumes/pvc-1"
AT = "2026-01-01T00:00:00Z"
KEEP = "kubectl --context test patch persistentvolume pvc-1 --patch"


def claim(deleted: bool = False, volume: str | None = "pvc-1") -> dict[str, Any]:
    """The claim of the data."""
    since = {"deletionTimestamp": AT} if deleted else {}
    return {"metadata": {"name": "mimir-dev-data", **since}, "spec": {"volumeName": volume} if volume else {}}


def volume(policy: str = "Delete", deleted: bool = False) -> dict[str, Any]:
    """The volume of that claim."""
    since = {"deletionTimestamp": AT} if deleted else {}
    return {"metadata": {"name": "pvc-1", **since}, "spec": {"persistentVolumeReclaimPolicy": policy}}


@pytest.fixture
def there(api: Api) -> Api:
    """A cluster in which the stack runs."""
    own = {"app.kubernetes.io/name": "mimir", "app.kubernetes.io/instance": "mimir-dev"}
    api.there[SPACE] = {"metadata": {"name": "mimir-dev", "labels": own}}
    api.there[CLAIMS] = {"items": [claim()]}
    api.there[VOLUME] = volume()
    return api


def problems(api: Api) -> list[Problem]:
    """What is being deleted there."""
    return [*deletions("mimir-dev", "mimir-dev", api.cluster.access.kubectl, api.cluster.read)]


def test_nothing(there: Api) -> None:
    assert problems(there) == []
    assert any("labelSelector=app.kubernetes.io/instance%3Dmimir-dev" in line for line in there.asked), "its own claims"


def test_a_claim(there: Api) -> None:
    there.there[CLAIMS] = {"items": [claim(deleted=True)]}
    [problem] = problems(there)
    assert problem.key == "claim mimir-dev-data in namespace mimir-dev"
    assert problem.found == f"a deletion since {AT}: when its last pod ends, volume pvc-1 is deleted with its data"
    assert "cannot be undone" in problem.allowed and "restart nothing" in problem.allowed
    assert problem.fix.startswith(KEEP) and "Retain" in problem.fix


def test_a_claim_whose_volume_stays(there: Api) -> None:
    there.there[CLAIMS] = {"items": [claim(deleted=True)]}
    there.there[VOLUME] = volume("Retain")
    [problem] = problems(there)
    assert "pvc-1 stays" in problem.found
    assert problem.fix == "kubectl --context test get persistentvolumes"


def test_a_claim_without_a_volume(there: Api) -> None:
    there.there[CLAIMS] = {"items": [claim(deleted=True, volume=None)]}
    [problem] = problems(there)
    assert "no volume is bound" in problem.found


def test_a_volume(there: Api) -> None:
    there.there[VOLUME] = volume(deleted=True)
    [problem] = problems(there)
    assert problem.key == "volume pvc-1 of claim mimir-dev-data"
    assert "pvc-1 is deleted with its data" in problem.found
    assert problem.fix.startswith(KEEP)


def test_a_namespace(there: Api) -> None:
    there.there[SPACE] = {"metadata": {"name": "mimir-dev", "deletionTimestamp": AT}}
    [problem] = problems(there)
    assert problem.key == "namespace mimir-dev"
    assert "mimir-dev-data" in problem.found and AT in problem.found
    assert problem.fix.startswith(KEEP)


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("path", [SPACE, CLAIMS, VOLUME])
def test_what_may_not_be_read_stops_nobody(there: Api, path: str, status: int) -> None:
    there.there[path] = status
    assert problems(there) == []


def test_an_update_and_a_preview_stop(there: Api, tmp_path: Path, no_login: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(there.kubeconfig))
    settings = Settings.model_validate(merged(CLUSTER, {"kubernetes": {"kubeconfig": str(file)}}))
    assert isinstance(cluster.inspect_cluster(settings, "dev"), cluster.Cluster)
    there.there[CLAIMS] = {"items": [claim(deleted=True)]}
    problems = cluster.inspect_cluster(settings, "dev")
    assert isinstance(problems, list)
    assert [problem.key for problem in problems] == ["claim mimir-dev-data in namespace mimir-dev"]
