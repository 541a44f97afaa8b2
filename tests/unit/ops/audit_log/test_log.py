"""The audit log's objects: written once, chained, in order whoever writes at the same time; and where they lie."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from ops.audit_log import location, store
from ops.audit_log.location import Location
from ops.audit_log.log import AuditLog
from ops.audit_log.record import Actor, Moved
from ops.audit_log.store import AuditLogError, Store
from ops.stack.stack_error import StackError

WHO = Actor(name="Ada", login="ada", host="desk", process=1)


@pytest.fixture(params=["folder", "bucket"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> AuditLog:
    """An empty log in each kind of store."""
    if request.param == "folder":
        return AuditLog(store.open_store(Location("file", f"{tmp_path}/log")))
    return AuditLog(Store(MemoryFileSystem(skip_instance_cache=True), f"/{tmp_path.name}"))


@pytest.fixture
def folder(tmp_path: Path) -> AuditLog:
    """A log in a folder, with five objects."""
    audit_log = AuditLog(store.open_store(Location("file", f"{tmp_path}/log")))
    for number in range(5):
        audit_log.append(entry(number))
    return audit_log


def entry(resources: int) -> Moved:
    """Something to write."""
    return Moved(stack="dev", state="file:///a", target="file:///b", resources=resources, who=WHO)


def object_of(log: AuditLog, number: int) -> Path:
    """The file of an object."""
    return Path(log.store.folder) / f"{number:08}.json"


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Change an object, as somebody with access to the folder can."""
    text = change(path.read_text())
    path.unlink()
    path.write_text(text)


class TestObjects:
    """What is in the store."""

    def test_they_come_back_in_order_and_whole(self, log: AuditLog) -> None:
        assert log.read().entries == ()
        written = [log.append(entry(number)) for number in range(3)]
        reading = log.read()
        assert reading.entries == tuple(written)
        assert [one.number for one in reading.entries] == [1, 2, 3]
        assert reading.problems == ()

    def test_one_that_is_there_is_never_written_again(self, log: AuditLog) -> None:
        log.append(entry(7))
        assert not log.store.add(1, b"{}")
        assert [one.resources for one in log.read().entries if isinstance(one, Moved)] == [7]

    def test_whoever_writes_at_once_gets_a_place_in_one_chain(self, folder: AuditLog) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(folder.append, [entry(number) for number in range(5, 45)]))
        reading = folder.read()
        assert reading.problems == ()
        assert sorted(one.resources for one in reading.entries if isinstance(one, Moved)) == list(range(45))

    def test_a_full_disk_leaves_no_half_of_one(self, folder: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_: int) -> None:
            raise OSError("No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(AuditLogError, match=r"the audit log in .* cannot be written: No space left"):
                folder.append(entry(6))
        assert len(list(Path(folder.store.folder).iterdir())) == 5
        assert folder.append(entry(6)).number == 6


class TestChain:
    """What is seen of somebody who changes the past."""

    def test_a_changed_one(self, folder: AuditLog) -> None:
        rewrite(object_of(folder, 2), lambda text: text.replace('"Ada"', '"Eve"'))
        assert folder.read().problems == ("record 2 was changed after it was written",)

    def test_one_that_cannot_be_read(self, folder: AuditLog) -> None:
        rewrite(object_of(folder, 2), lambda _: "")
        problems = folder.read().problems
        assert any("record 2 was changed" in problem for problem in problems)
        assert len(folder.read().entries) == 4

    @pytest.mark.parametrize(
        ("removed", "said"), [([1], "record 1 was"), ([3], "record 3 was"), ([2, 3], "records 2 to 3 were")]
    )
    def test_removed_ones(self, folder: AuditLog, removed: list[int], said: str) -> None:
        for number in removed:
            object_of(folder, number).unlink()
        assert folder.read().problems == (f"{said} removed",)

    def test_one_that_is_put_in_the_place_of_another(self, folder: AuditLog) -> None:
        object_of(folder, 4).unlink()
        object_of(folder, 4).write_bytes(object_of(folder, 3).read_bytes())
        assert any("record 4 was changed" in problem for problem in folder.read().problems)

    def test_the_last_ones_are_looked_at_without_the_first(self, folder: AuditLog) -> None:
        for number in range(5, 30):
            folder.append(entry(number))
        recent = folder.recent()
        assert [one.number for one in recent.entries] == list(range(11, 31))
        assert recent.problems == ()


class TestCopy:
    """A log that goes with the state."""

    def test_it_goes_on_where_it_is_copied_to(self, folder: AuditLog, tmp_path: Path) -> None:
        other = AuditLog(store.open_store(Location("file", f"{tmp_path}/other")))
        folder.copy_to(other)
        other.append(entry(6))
        assert other.read().problems == ()
        other.copy_to(folder)
        assert folder.read() == other.read(), "and back"

    def test_another_stacks_log_is_not_overwritten(self, folder: AuditLog, tmp_path: Path) -> None:
        other = AuditLog(store.open_store(Location("file", f"{tmp_path}/other")))
        other.append(entry(99))
        with pytest.raises(AuditLogError, match="contains a different audit log"):
            folder.copy_to(other)
        assert len(other.read().entries) == 1


class TestLocation:
    """Where the log lies."""

    @pytest.mark.parametrize(
        ("backend", "wanted"),
        [
            ("file:///var/state", Location("file", "/var/state/.mimir/deployments/mimir/dev")),
            ("file:///var/state?no_tmp_dir=true", Location("file", "/var/state/.mimir/deployments/mimir/dev")),
            ("s3://bucket", Location("s3", "bucket/.mimir/deployments/mimir/dev")),
            (
                "s3://bucket/team?region=eu-1&profile=ci",
                Location(
                    "s3",
                    "bucket/team/.mimir/deployments/mimir/dev",
                    {"profile": "ci", "client_kwargs": {"region_name": "eu-1"}},
                ),
            ),
            (
                "s3://bucket?endpoint=127.0.0.1:9000&disableSSL=true&s3ForcePathStyle=true",
                Location(
                    "s3",
                    "bucket/.mimir/deployments/mimir/dev",
                    {
                        "endpoint_url": "http://127.0.0.1:9000",
                        "config_kwargs": {"s3": {"addressing_style": "path"}},
                    },
                ),
            ),
            ("gs://bucket/team/", Location("gs", "bucket/team/.mimir/deployments/mimir/dev")),
            (
                "azblob://container?storage_account=mine",
                Location("abfs", "container/.mimir/deployments/mimir/dev", {"account_name": "mine"}),
            ),
        ],
    )
    def test_beside_the_state(self, project: Path, backend: str, wanted: Location) -> None:
        assert location.log_location("dev", backend, {}) == wanted

    def test_where_the_project_says_the_state_is(self, project: Path) -> None:
        assert location.backend({}) == f"file://{project}"
        assert location.backend({"PULUMI_BACKEND_URL": "s3://bucket"}) == "s3://bucket"
        (project / "Pulumi.yaml").write_text("name: mimir\n")
        with pytest.raises(StackError, match=r"backend\.url in Pulumi\.yaml, or PULUMI_BACKEND_URL"):
            location.backend({})

    def test_pulumi_cloud_keeps_no_objects(self, project: Path) -> None:
        with pytest.raises(StackError, match="export MIMIR_AUDIT_LOG="):
            location.log_location("dev", "https://api.pulumi.com", {})
        chosen = {"MIMIR_AUDIT_LOG": "s3://audit"}
        assert location.log_location("dev", "https://api.pulumi.com", chosen) == Location("s3", "audit/mimir/dev")

    def test_a_place_that_keeps_no_objects_is_refused(self, project: Path) -> None:
        with pytest.raises(StackError, match=r"MIMIR_AUDIT_LOG=ftp://host/x: .* file://, s3://, gs:// or azblob://"):
            location.log_location("dev", "file:///a", {"MIMIR_AUDIT_LOG": "ftp://me:word@host/x"})

    def test_a_package_that_is_missing_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(*_: Any, **__: Any) -> None:
            raise ImportError("Install s3fs to access S3")

        monkeypatch.setattr(fsspec, "filesystem", missing)
        with pytest.raises(AuditLogError, match=r"\.venv/bin/pip install s3fs"):
            store.open_store(Location("s3", "bucket"))

    def test_keys_of_a_store_are_never_shown(self, project: Path) -> None:
        log_location = location.log_location(
            "dev", "azblob://c", {"AZURE_STORAGE_KEY": "k3y", "AZURE_STORAGE_ACCOUNT": "mine"}
        )
        assert log_location.options["account_key"] == "k3y"
        assert "k3y" not in f"{log_location} {log_location!r}"
