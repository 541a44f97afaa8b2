"""Run integration tests against the deployed stack, from outside; changes nothing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ops.checks import client, edge, running
from ops.checks.result import Result, expect
from ops.stack import stack_settings
from ops.stack.cli import outputs
from ops.stack.stack_error import StackError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `check`."""
    parser.add_argument("--digest", default="", help="digest that must be deployed: sha256:…")
    parser.add_argument(
        "--address", default="", metavar="HOST:PORT", help="address of the deployment (default: from the outputs)"
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=30,
        metavar="SECONDS",
        help="maximum time to wait for the first healthy response (default: 30)",
    )
    parser.add_argument("--evidence", type=Path, metavar="DIR", help="folder to write check-<stack>.json to")


def run(arguments: argparse.Namespace) -> int:
    """Run every check, print every result, and return 1 if one failed."""
    stack_outputs = outputs(arguments.stack)
    if "health" not in stack_outputs:
        raise StackError(f"stack {arguments.stack} is not deployed: make up STACK={arguments.stack}")
    results = list(_run_checks(arguments, stack_outputs))
    for result in results:
        print(result)
    failed = sum(result.problem is not None for result in results)
    if arguments.evidence:
        _write_evidence(arguments.evidence / f"check-{arguments.stack}.json", arguments.stack, stack_outputs, results)
    total = f"{len(results)} checks of stack {arguments.stack} at {stack_outputs['url']}"
    print(f"{total}: {failed} failed" if failed else f"{total} passed")
    return 1 if failed else 0


def _run_checks(arguments: argparse.Namespace, outputs: Mapping[str, Any]) -> Iterator[Result]:
    settings = stack_settings.load_settings(arguments.stack, {})
    if arguments.digest:
        yield expect("the deployed digest is the one that was given", outputs["digest"], arguments.digest)
    yield from running.run_checks(outputs, settings)
    with client.open_client(outputs, settings.edge.hosts, arguments.address) as edge_client:
        problem = edge_client.wait(arguments.wait)
        yield Result(f"GET {edge_client.path} says that it is healthy", problem)
        if problem is None:
            yield from edge.run_checks(edge_client, settings)


def _write_evidence(file: Path, stack: str, outputs: Mapping[str, Any], results: list[Result]) -> None:
    """Write which deployment was checked, and the result of each check."""
    file.parent.mkdir(parents=True, exist_ok=True)
    checks = [{"check": result.name, "passed": result.problem is None, "found": result.problem} for result in results]
    document = {"stack": stack, **{key: outputs[key] for key in ("url", "digest", "image")}}
    file.write_text(json.dumps({**document, "checks": checks}, indent=2) + "\n")
