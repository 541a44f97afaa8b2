"""The kubeconfig: merged from its files as kubectl merges them, and cut down to the one context of the settings."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.kubernetes.cluster import cluster, kubeconfig
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.cluster.kubeconfig import Access
from components.problems import Problem
from components.settings import Settings
from tests.support import fake_cluster
from tests.support.fake_cluster import Api


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without a kubeconfig, and a shell that names none."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return tmp_path


def config(context: str = "test", server: str = "https://a.example.com:6443", **user: Any) -> dict[str, Any]:
    """A kubeconfig with one context, whose cluster and user have other names."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": {"cluster": f"{context}-there", "user": f"{context}-me"}}],
        "clusters": [{"name": f"{context}-there", "cluster": {"server": server}}],
        "users": [{"name": f"{context}-me", "user": user or {"token": f"t0ken-of-{context}"}}],
    }


def write(path: Path, document: object) -> Path:
    """A file with this document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
    return path


def read(context: str = "test", file: Path | str | None = None) -> Access | Problem:
    """What the settings with this context (and file) lead to."""
    kubernetes = {"context": context, "kubeconfig": str(file) if file else None}
    return kubeconfig.read(Settings.model_validate({"platform": "kubernetes", "kubernetes": kubernetes}))


def access(context: str = "test", file: Path | str | None = None) -> Access:
    """The access that must be found."""
    found = read(context, file)
    assert isinstance(found, Access), found
    return found


def problem(context: str = "test", file: Path | str | None = None) -> Problem:
    """The problem that must be found."""
    found = read(context, file)
    assert isinstance(found, Problem), found
    return found


def test_the_usual_file_is_in_the_home_folder(home: Path) -> None:
    write(home / ".kube/config", config())
    assert access().server == "https://a.example.com:6443"


def test_the_settings_win_over_the_shell_and_may_name_the_home_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home / "mine", config(server="https://mine.example.com"))
    monkeypatch.setenv("KUBECONFIG", str(write(home / "other", config())))
    assert access(file="~/mine").server == "https://mine.example.com"
    assert access().server == "https://a.example.com:6443"


def test_several_files_are_merged_and_the_first_wins(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = {**config(server="https://first.example.com", token="first"), "users": []}
    second = config(server="https://second.example.com", token="second")
    third = config("third")
    files = [write(home / "1", first), home / "not there", write(home / "2", second), write(home / "3", third)]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(["", *map(str, files)]))
    found = access()
    assert found.server == "https://first.example.com"
    assert found.document["users"][0]["user"] == {"token": "second"}, "what the first file lacks, the second has"
    assert access("third").document["users"][0]["user"] == {"token": "t0ken-of-third"}


def test_other_contexts_are_left_out(home: Path) -> None:
    """Or a change of another cluster's credentials would be a change of this stack, and its state would hold them."""
    other = config("other", server="https://other.example.com")
    both = {key: [*value, *other[key]] if isinstance(value, list) else value for key, value in config().items()}
    document = access(file=write(home / "both", {**both, "current-context": "other"})).document
    assert document["current-context"] == "test"
    assert "other" not in json.dumps(document)
    assert {len(document[key]) for key in ("contexts", "clusters", "users")} == {1}
    names = document["contexts"][0]["context"]
    assert (names["cluster"], names["user"]) == (document["clusters"][0]["name"], document["users"][0]["name"])


def test_files_are_named_absolutely_because_the_copy_is_somewhere_else(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    user = {"client-certificate": "me.crt", "client-key": "keys/me.key", "tokenFile": "token"}
    document = config(**user)
    document["clusters"][0]["cluster"]["certificate-authority"] = "../ca.crt"
    write(home / "deep/config", document)
    found = access(file="deep/config").document
    assert found["users"][0]["user"] == {
        "client-certificate": str(home / "deep/me.crt"),
        "client-key": str(home / "deep/keys/me.key"),
        "tokenFile": str(home / "deep/token"),
    }
    assert Path(found["clusters"][0]["cluster"]["certificate-authority"]).resolve() == home / "ca.crt"


@pytest.mark.parametrize(
    ("command", "kept"), [("./bin/login", "{home}/deep/bin/login"), ("login", "login"), ("/bin/login", "/bin/login")]
)
def test_a_user_that_logs_in_with_a_program_is_kept(home: Path, command: str, kept: str) -> None:
    login = {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "args": ["token", "--of", "me"]}
    found = access(file=write(home / "deep/config", config(exec=login))).document["users"][0]["user"]
    assert found == {"exec": {**login, "command": kept.format(home=home)}}, "relative to the kubeconfig, as in kubectl"


def test_the_program_is_run_for_the_clusters_token(home: Path, api: Api) -> None:
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "fresh"},
    }
    script = write(home / "bin/login", f"#!{sys.executable}\nprint('''{json.dumps(answer)}''')\n")
    script.chmod(0o755)
    login = {"apiVersion": answer["apiVersion"], "command": "bin/login", "interactiveMode": "Never"}
    file = write(home / "config", config(server=api.url, exec=login))
    kubernetes = {"context": "test", "kubeconfig": str(file)}
    result = cluster.inspect_cluster(
        Settings.model_validate({"platform": "kubernetes", "kubernetes": kubernetes}), "dev"
    )
    assert isinstance(result, Cluster), result
    assert api.authorization == "Bearer fresh"


def test_a_context_that_is_not_there_lists_those_that_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [write(home / "1", config("one")), write(home / "2", config("two"))]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, files)))
    found = problem("three")
    assert found.key == "mimir:kubernetes.context"
    assert '"three"' in found.found
    assert all(str(file) in found.found for file in files)
    assert found.allowed == "one of: one, two"
    assert found.fix == "pulumi config set --path 'mimir:kubernetes.context' one"


@pytest.mark.parametrize("text", [None, "", "{}", "contexts:\nclusters:\nusers:\n"])
def test_no_kubeconfig_at_all_says_how_to_get_a_cluster(home: Path, text: str | None) -> None:
    if text is not None:
        write(home / ".kube/config", text)
    found = problem()
    assert found.key == "mimir:kubernetes.kubeconfig"
    assert str(home / ".kube/config") in found.found
    assert found.fix.startswith("make cluster")
    assert "KUBECONFIG" in found.fix


@pytest.mark.parametrize(
    "text",
    ["contexts: [", "- a\n- list\n", "just a text", "contexts: {test: {}}", "contexts: [test]", "clusters: there"],
)
def test_a_file_that_is_no_kubeconfig_is_named(home: Path, text: str) -> None:
    found = problem(file=write(home / "broken", text))
    assert found.key == "mimir:kubernetes.kubeconfig"
    assert str(home / "broken") in found.found


def test_the_line_that_is_no_yaml_is_named(home: Path) -> None:
    assert "line 3" in problem(file=write(home / "broken", "contexts: []\nclusters: []\nusers: ]\n")).found


def test_a_file_that_cannot_be_read_is_named(home: Path) -> None:
    (home / "folder").mkdir()
    (home / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("folder", "binary"):
        found = problem(file=home / name)
        assert found.key == "mimir:kubernetes.kubeconfig"
        assert str(home / name) in found.found


@pytest.mark.parametrize(
    "clusters", [[], [{"name": "test-there", "cluster": {"tls-server-name": "x"}}], [{"name": ""}]]
)
def test_a_context_without_its_cluster_is_named(home: Path, clusters: list[Any]) -> None:
    found = problem(file=write(home / "config", {**config(), "clusters": clusters}))
    assert found.key == "mimir:kubernetes.kubeconfig"
    assert 'context "test"' in found.found


@pytest.mark.parametrize(
    ("server", "local"),
    [
        ("https://127.0.0.1:6443", True),
        ("https://localhost:6443", True),
        ("https://[::1]:6443", True),
        ("https://10.0.0.1:6443", False),
        ("https://cluster.example.com", False),
    ],
)
def test_a_cluster_on_this_machine_is_known_by_its_address(server: str, local: bool) -> None:
    assert Access(fake_cluster.kubeconfig(server), server).is_local is local
