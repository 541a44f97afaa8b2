"""Build the stack's image into an OCI layout, with the digest that an update would push."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from components.image import build_inputs, buildx, registry
from components.image.build_context import stage
from components.source import main_package
from components.source.source import GitError
from ops.stack import stack_settings
from ops.stack.stack_error import StackError
from ops.supply import evidence, provenance
from ops.update import source_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `build`."""
    source_argument.add_source(parser)
    parser.add_argument(
        "--layout", type=Path, required=True, metavar="DIR", help="folder to write the layout to; replaced if it exists"
    )
    evidence.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Build, and print the digest of the index as the last line; nothing is pushed."""
    settings = stack_settings.load_settings(arguments.stack, source_argument.overrides(arguments.source, False))
    started = evidence.now()
    layout: Path = arguments.layout
    layout.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=layout.parent) as scratch:
        fresh = Path(scratch) / "layout"
        try:
            context = stage(settings)
            if unfit := main_package.problem(settings.source, context.path / "app"):
                raise StackError(f"the image cannot be built:\n\n{unfit}")
            built = buildx.build(settings, context, f"type=oci,dest={fresh},tar=false,{build_inputs.EXPORT}")
        except (GitError, OSError, buildx.BuildError) as error:
            raise StackError(f"the image cannot be built: {error}") from error
        shutil.rmtree(layout, ignore_errors=True)
        fresh.rename(layout)
    repository = registry.repository(settings.registry)
    statement = provenance.statement(repository, settings, context, built, started, evidence.now())
    evidence.write(arguments.evidence, provenance.FILE, statement)
    print(built.digest)
    return 0
