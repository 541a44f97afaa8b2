"""What the test cluster is built from, and the objects that it starts with."""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from toolchain import gobuild, versions
from toolchain.gobuild import GoRecipe
from toolchain.services import archive
from toolchain.services.cluster import dns, objects, programs
from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.images import Image
from toolchain.services.layers import make

KNOWN = Addresses(IPv4Network("10.213.0.0/24"), IPv4Network("10.213.1.0/24"))


def test_a_recipe_keeps_its_key_unless_it_has_other_names_or_stamps() -> None:
    plain = GoRecipe("etcd", ".", "etcd", "1")
    assert repr(plain).endswith("version='1', version_variable='', generated=None, extra=None)"), (
        "what is in every user's cache would be built again"
    )
    keys = {
        gobuild.key(recipe, "1.26", "linux/amd64")
        for recipe in (
            plain,
            GoRecipe("etcd", ".", "etcd", "1", aliases=("etcdctl",)),
            GoRecipe("etcd", ".", "etcd", "1", stamps=(("main.major", "3"),)),
        )
    }
    assert len(keys) == 3


def test_kubernetes_says_its_version_in_full() -> None:
    flags = programs.KUBE.flags()[-1]
    for stamp in ("gitVersion=v1.35.4", "gitMajor=1", "gitMinor=35"):
        assert f"-X k8s.io/component-base/version.{stamp}" in flags


def test_every_name_of_the_program_is_one_that_it_knows() -> None:
    source = (programs.KUBE.folder / "main.go").read_text()
    assert [alias for alias in programs.KUBE.aliases if f'"{alias}"' not in source] == []


@pytest.mark.parametrize(
    ("recipe", "module"),
    [
        (programs.KUBE, "k8s.io/kubernetes"),
        (programs.COREDNS, "github.com/coredns/coredns"),
        (programs.ETCD, "go.etcd.io/etcd/server/v3"),
    ],
)
def test_the_pins_are_those_of_the_modules(recipe: GoRecipe, module: str) -> None:
    assert f"{module} v{recipe.version.removeprefix('v')}" in (recipe.folder / "go.mod").read_text()


def test_all_modules_of_kubernetes_are_of_one_release() -> None:
    replaced = [
        line.split()
        for line in (programs.KUBE.folder / "go.mod").read_text().splitlines()
        if line.startswith("replace")
    ]
    assert len(replaced) > 20
    assert {words[-1] for words in replaced} == {f"v0.{versions.KUBERNETES.removeprefix('1.')}"}


def test_the_storage_class_is_the_default_and_says_what_it_is() -> None:
    _, wanted = objects.storage_class()
    assert wanted["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
    assert any("STAND-IN" in note for note in wanted["metadata"]["annotations"].values())
    assert f'"{wanted["provisioner"]}"' in (programs.KUBE.folder / "provisioner.go").read_text()


@pytest.mark.parametrize(
    ("resolvers", "forward"),
    [
        ("nameserver 192.0.2.1\noptions edns0\nnameserver fd00::1\n", "forward . 192.0.2.1 fd00::1\n"),
        ("# nothing\nnameserver 127.0.0.53\nnameserver ::1\n", ""),
        ("", ""),
    ],
)
def test_names_from_outside_are_asked_of_servers_that_a_pod_can_reach(resolvers: str, forward: str) -> None:
    text = dns.corefile(resolvers)
    assert (forward in text) if forward else ("forward" not in text)
    assert "kubernetes cluster.local" in text
    assert text.count("{") == text.count("}")


def test_the_dns_is_where_policies_and_pods_look_for_it() -> None:
    placed = {wanted["kind"]: wanted for _, wanted in dns.objects("localhost/dns:1", KNOWN)}
    service, pod = placed["Service"], placed["Deployment"]["spec"]["template"]
    assert (service["metadata"]["name"], service["spec"]["clusterIP"]) == ("kube-dns", str(KNOWN.dns))
    assert pod["metadata"]["labels"]["k8s-app"] == "kube-dns"
    assert {port["containerPort"] for port in pod["spec"]["containers"][0]["ports"]} == {53}


def test_an_image_is_written_so_that_every_digest_is_its_contents(tmp_path: Path) -> None:
    program = tmp_path / "pause-1-0123/pause"
    program.parent.mkdir()
    program.write_bytes(b"program")
    name = Image(program).name
    assert name == "localhost/mimir-test/pause:1-0123"

    layer = make(tmp_path / "layer", lambda writer: writer.file("pause", b"program", 0o755))
    archive.write(tmp_path / "image.tar", name, {"os": "linux"}, [layer])

    with tarfile.open(tmp_path / "image.tar") as tar:
        contents = {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]
    blobs = {entry: content for entry, content in contents.items() if entry.startswith("blobs/")}
    assert all(entry.endswith(hashlib.sha256(content).hexdigest()) for entry, content in blobs.items())
    [entry] = json.loads(contents["index.json"])["manifests"]
    assert entry["annotations"]["io.containerd.image.name"] == name
    manifest = json.loads(blobs[f"blobs/{entry['digest'].replace(':', '/')}"])
    for part in (manifest["config"], *manifest["layers"]):
        assert len(blobs[f"blobs/{part['digest'].replace(':', '/')}"]) == part["size"]
    config = json.loads(blobs[f"blobs/{manifest['config']['digest'].replace(':', '/')}"])
    assert config["rootfs"]["diff_ids"] == [layer.diff_id]


@pytest.mark.parametrize("name", ["kubernetes", "docker-build", "may-reach"])
def test_the_libraries_of_kubernetes_are_the_test_clusters(name: str) -> None:
    """Go compiles a package once for all programs that have all of its dependencies in the same versions."""
    shared = {module: version for module, version in pins("kube").items() if ".k8s.io/" in f".{module}"}
    own = pins(name)
    assert {module: own[module] for module in shared.keys() & own.keys()} == {
        module: shared[module] for module in shared.keys() & own.keys()
    }


def pins(name: str) -> dict[str, str]:
    """The version of each module that a folder of `toolchain/modules` pins, what is replaced included."""
    text = (gobuild.MODULES / name / "go.mod").read_text()
    required = dict(re.findall(r"(?m)^\t([\w./-]+) (v\S+)", text))
    return {**required, **dict(re.findall(r"(?m)^replace (\S+) => \S+ (v\S+)$", text))}
