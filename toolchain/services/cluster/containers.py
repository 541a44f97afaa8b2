"""The cluster's own containerd, and how it gives pods a network."""

from __future__ import annotations

import json

from toolchain.services import registry
from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.images import Image
from toolchain.services.cluster.parts import Part, settings_file
from toolchain.services.cluster.places import BRIDGE, NAME, Places
from toolchain.services.cluster.programs import Programs

# restrict_oom_score_adj: without CAP_SYS_RESOURCE (a container, a small virtual machine) no pod would start.
# netns_mounts_under_state_dir: all that has to be unmounted is in our folders.
SETTINGS = """\
version = 2
root = "{root}"
state = "{state}"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{root}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{networks}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{registries}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "{runc}"
      Root = "{state}/runc"
"""

REGISTRY = """\
server = "http://{address}"
[host."http://{address}"]
  capabilities = ["pull", "resolve"]
"""


HUB = "docker.io"
MIRROR = """\
[host."http://{address}"]
  capabilities = ["pull", "resolve"]
"""
"""Without `server`: what is not there is then asked of the hub itself, whose address containerd knows."""


def containerd(programs: Programs, places: Places) -> Part:
    settings = SETTINGS.format(
        root=places.images,
        state=places.run / "containerd",
        socket=places.containerd,
        pause=Image(programs.pause).name,
        plugins=programs.network_plugins,
        networks=places.run / "networks",
        registries=places.settings / "registries",
        runc=programs.runc,
    )
    file = settings_file(places.settings, "containerd.toml", settings)
    return Part("containerd", (str(programs.containerd), "--config", str(file)))


def write_network(places: Places, addresses: Addresses) -> None:
    """Write the CNI configuration: pods join the bridge, and their addresses are released when the machine restarts."""
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "ipMasq": True,
        # A pod may reach itself through its service.
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(places.run / "addresses"),
            "ranges": [[{"subnet": str(addresses.pods), "gateway": str(addresses.node)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    network = {"cniVersion": "1.0.0", "name": NAME, "plugins": [bridge, ports]}
    folder = places.run / "networks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "10-bridge.conflist").write_text(json.dumps(network, indent=1))


def write_registries(places: Places) -> None:
    """Let images be pulled from the registry on loopback, which speaks plain HTTP, and the hub's first from there.

    containerd reads these files at every pull: a cluster that runs heeds a change at once.
    """
    port = registry.ADDRESS.rpartition(":")[2]
    local_registries = {
        address: REGISTRY.format(address=address) for address in (registry.ADDRESS, f"localhost:{port}")
    }
    for name, text in {**local_registries, HUB: MIRROR.format(address=registry.ADDRESS)}.items():
        folder = places.settings / "registries" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hosts.toml").write_text(text)
