"""Image builds: through Pulumi, by plain `docker buildx build`, and of a Dockerfile as it is often written.

One architecture, because the often written one compiles another only under emulation.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.builder import Builder, own_builder
from benchmarks.lab import Lab, edit
from benchmarks.measure import Times, clock
from benchmarks.table import Table, compare
from components.image.build_context import CONTEXTS
from components.settings import Settings
from toolchain.machine import architecture

PLATFORM = f"linux/{architecture()}"
OUTPUT = "--output=type=image,push=false,oci-mediatypes=true,rewrite-timestamp=true"
PLAIN = "`docker buildx build`, the same Dockerfile"
OURS = "`pulumi preview`, which builds"
NAIVE = "`docker buildx build`, a naive Dockerfile"
STATES = {"cold": "Cold build", "edited": "Build after a one-line edit", "same": "Build where nothing has changed"}
NAIVE_DOCKERFILE = """\
FROM {go_image} AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /mimir .
FROM scratch
COPY --from=build /mimir /mimir
ENTRYPOINT ["/mimir"]
"""


@dataclass(frozen=True)
class Case:
    """One way to build: the command, and the file that a developer edits."""

    build: Callable[[], object]
    file: Path


def measure(lab: Lab, runs: int) -> list[Table]:
    """Cold, edited and unchanged, in turn for each way to build."""
    with own_builder(lab.folder) as builder:
        cases = {PLAIN: _plain(lab, builder), OURS: _ours(lab, builder), NAIVE: _naive(lab, builder)}
        seconds: dict[str, dict[str, list[float]]] = {state: {name: [] for name in cases} for state in STATES}
        for run in range(runs):
            for name, case in cases.items():
                builder.empty()
                seconds["cold"][name].append(clock(case.build))
                edit(case.file, f"{name} {run}".replace("`", ""))
                seconds["edited"][name].append(clock(case.build))
                seconds["same"][name].append(clock(case.build))
    return [
        compare(f"{title} ({PLATFORM})", {name: Times(found) for name, found in seconds[state].items()}, PLAIN)
        for state, title in STATES.items()
    ]


def _ours(lab: Lab, builder: Builder) -> Case:
    """A stack that is never deployed: each preview of it builds."""
    stack = lab.stack("build", env=dict(builder.env), image={"platforms": [PLATFORM]})
    return Case(lambda: stack.preview().ok(), stack.folder / "sample/answer.go")


def _plain(lab: Lab, builder: Builder) -> Case:
    """The very context that the program stages, with the arguments that it passes."""
    stack = lab.stack("plain", env=dict(builder.env), image={"platforms": [PLATFORM]})
    stack.preview().ok()
    context = lab.folder / "plain"
    (staged,) = (stack.folder / CONTEXTS).iterdir()
    shutil.copytree(staged, context)
    arguments = [
        f"--file={stack.folder / 'container/Dockerfile'}",
        f"--platform={PLATFORM}",
        "--build-arg=SOURCE_DATE_EPOCH=0",
        OUTPUT,
        str(context),
    ]
    return Case(lambda: builder.buildx("build", *arguments), context / "app/answer.go")


def _naive(lab: Lab, builder: Builder) -> Case:
    context = lab.folder / "naive"
    shutil.copytree(Path("sample"), context)
    (context / "Dockerfile").write_text(NAIVE_DOCKERFILE.format(go_image=Settings().image.go_image))
    arguments = [f"--platform={PLATFORM}", OUTPUT, str(context)]
    return Case(lambda: builder.buildx("build", *arguments), context / "answer.go")
