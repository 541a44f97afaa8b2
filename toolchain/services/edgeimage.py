"""A stand-in for the edge's image: a small system with Debian's HAProxy and just the libraries that it needs."""

from __future__ import annotations

from pathlib import PurePosixPath

from toolchain import versions
from toolchain.machine import Machine
from toolchain.progress import Progress
from toolchain.services import fallback_image, haproxy, smallsystem
from toolchain.services.builder import ImageBuilder
from toolchain.services.fallback_image import Contents, HubImage, ImageSpec
from toolchain.services.layers import LayerWriter
from toolchain.services.smallsystem import SmallSystem
from toolchain.shared import Libraries, SharedProgram

RECIPE = 1
"""To be raised when the image's contents change in a way that its inputs do not show."""

PROGRAM = "usr/local/sbin/haproxy"
ENTRYPOINT = "usr/local/bin/docker-entrypoint.sh"
HOME = "/var/lib/haproxy"
FOLDERS = ("usr/local/etc", "usr/local/etc/haproxy", "usr/local/sbin", "var/lib", HOME[1:])
USER = f"haproxy:x:99:99:haproxy:{HOME}:/bin/false\n"
GROUP = "haproxy:x:99:\n"

ENTRYPOINT_SCRIPT = """\
#!/bin/sh
# As in the official image: options alone are HAProxy's, which is then run in master-worker mode, in the foreground.
set -e
if [ "${1#-}" != "$1" ]; then
    set -- haproxy "$@"
fi
if [ "$1" = haproxy ]; then
    shift
    set -- haproxy -W -db "$@"
fi
exec "$@"
"""

WANTED = ImageSpec(
    name="edge image",
    reference=versions.EDGE_IMAGE,
    puller="the engine",
    made_of="busybox and Debian's HAProxy",
    program="HAProxy",
)


def edge_image(machine: Machine, builder: ImageBuilder, progress: Progress) -> HubImage:
    """The image EDGE_IMAGE, which takes the requests from outside."""
    return HubImage(WANTED, builder, progress, lambda: _contents(machine))


def _contents(machine: Machine) -> Contents:
    system = SmallSystem(machine)
    program = haproxy.unpack(machine)
    libraries = program.libraries()
    files = [program.file, libraries.loader, *libraries.files]
    return Contents(
        key=fallback_image.key(f"{RECIPE}", [*system.parts(), *(file.read_bytes() for file in files)]),
        version=program.package.version,
        layers={
            "system": lambda layer: system.fill(layer, folders=FOLDERS, passwd=USER, group=GROUP),
            "haproxy": lambda layer: fill(layer, program, libraries),
        },
        config={
            "Env": [f"PATH={smallsystem.PATH}", f"HAPROXY_VERSION={program.package.version}"],
            "User": "haproxy",
            "WorkingDir": HOME,
            "StopSignal": "SIGUSR1",
            "Entrypoint": ["docker-entrypoint.sh"],
            "Cmd": ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
        },
    )


def fill(layer: LayerWriter, program: SharedProgram, libraries: Libraries) -> None:
    """Write HAProxy, its loader and its libraries, each at the path where it is looked up, and the entrypoint.

    Args:
        layer: receives the files.
        program: HAProxy, unpacked with its libraries.
        libraries: what the program is loaded with.
    """
    interpreter = libraries.interpreter.lstrip("/")
    contents = {str(file.relative_to(program.package.root)): file for file in libraries.files}
    contents |= {interpreter: libraries.loader, PROGRAM: program.file}
    folders = {str(parent) for name in contents for parent in PurePosixPath(name).parents} - {"."}
    for folder in sorted(folders - {*smallsystem.FOLDERS, *FOLDERS}):
        layer.folder(folder)
    for name, file in sorted(contents.items()):
        layer.file(name, file.read_bytes(), 0o755)
    layer.file(ENTRYPOINT, ENTRYPOINT_SCRIPT.encode(), 0o755)
