"""The images of the cluster's own pods: on a closed network none can be pulled, so they are made of what is built."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from toolchain.command import output_of, run_logged
from toolchain.machine import architecture
from toolchain.services import archive
from toolchain.services.cluster.places import NAME, Places
from toolchain.services.cluster.programs import Programs
from toolchain.services.layers import make

SECONDS = 120.0
NOBODY = "65532:65532"


@dataclass(frozen=True)
class Image:
    """An image of one program; the tag changes with it, so that an old one is never taken for it."""

    program: Path

    @property
    def name(self) -> str:
        # The folder is named PROGRAM-VERSION-KEY.
        return f"localhost/{NAME}/{self.program.name}:{self.program.parent.name.removeprefix(f'{self.program.name}-')}"


def ensure(image: Image, programs: Programs, places: Places, log: Path) -> None:
    """Import an image into the cluster's containerd, unless it is there.

    Args:
        image: the program to package.
        programs: of these, `ctr` is used.
        places: for containerd's socket.
        log: receives the output of `ctr`.

    Raises:
        Problem: containerd rejects it.
    """
    ctr = [str(programs.containerd.with_name("ctr")), "--address", places.containerd, "--namespace", "k8s.io"]
    if image.name in output_of([*ctr, "images", "list", "--quiet"]).splitlines():
        return
    inside = f"/{image.program.name}"
    config = {"architecture": architecture(), "os": "linux", "config": {"Entrypoint": [inside], "User": NOBODY}}
    with tempfile.TemporaryDirectory() as folder:
        program = image.program.read_bytes()
        layer = make(Path(folder) / "layer", lambda writer: writer.file(inside[1:], program, 0o755))
        file = Path(folder) / "image.tar"
        archive.write(file, image.name, config, [layer])
        run_logged([*ctr, "images", "import", str(file)], log, limit=SECONDS)
