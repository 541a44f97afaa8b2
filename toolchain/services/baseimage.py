"""A stand-in for the Go base image: a small system with Go."""

from __future__ import annotations

from toolchain import golang, versions
from toolchain.machine import Machine
from toolchain.progress import Progress
from toolchain.services import fallback_image, smallsystem
from toolchain.services.builder import ImageBuilder
from toolchain.services.fallback_image import Contents, HubImage, ImageSpec
from toolchain.services.smallsystem import SmallSystem

RECIPE = 1
"""To be raised when the image's contents change in a way that its inputs do not show."""

GO_PARTS = ("VERSION", "go.env", "bin", "lib", "src", "pkg/include", "pkg/tool")
PATH = f"/go/bin:/usr/local/go/bin:{smallsystem.PATH}"

WANTED = ImageSpec(
    name="base image",
    reference=versions.BASE_IMAGE,
    puller="the builder",
    made_of="busybox and Go",
    program="Go",
)


def base_image(machine: Machine, builder: ImageBuilder, progress: Progress) -> HubImage:
    """The image BASE_IMAGE, which the application is compiled in."""
    return HubImage(WANTED, builder, progress, lambda: _contents(machine))


def _contents(machine: Machine) -> Contents:
    system = SmallSystem(machine)
    go = golang.at_release(machine.go, versions.GO_BASE_IMAGE, machine.environment)
    return Contents(
        key=fallback_image.key(f"{RECIPE} {go.version}", system.parts()),
        version=go.version,
        layers={
            "system": lambda layer: system.fill(layer, folders=("go", "go/bin", "go/src")),
            "go": lambda layer: layer.tree(go.root, "usr/local/go", GO_PARTS),
        },
        config={
            "Env": [f"PATH={PATH}", f"GOLANG_VERSION={go.version}", "GOTOOLCHAIN=local", "GOPATH=/go"],
            "WorkingDir": "/go",
            "Cmd": ["sh"],
        },
    )
