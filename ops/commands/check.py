"""Integration tests against a running deployment, from outside; changes nothing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ops.checks import client, edge, running
from ops.checks.result import Result, expect
from ops.stack import stack_settings
from ops.stack.cli import StackError, outputs


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `check` takes."""
    parser.add_argument("--digest", default="", help="sha256:… that must be deployed")
    parser.add_argument("--address", default="", metavar="HOST:PORT", help="where it is reached, if not as outputs say")
    parser.add_argument("--wait", type=float, default=30, metavar="SECONDS", help="for the first healthy answer")
    parser.add_argument("--evidence", type=Path, metavar="DIR", help="write check-<stack>.json there")


def run(arguments: argparse.Namespace) -> int:
    """Check everything, say everything, and fail if anything failed."""
    found = outputs(arguments.stack)
    if "health" not in found:
        raise StackError(f"stack {arguments.stack} is not deployed: make up STACK={arguments.stack}")
    results = list(_results(arguments, found))
    for result in results:
        print(result)
    failed = sum(result.problem is not None for result in results)
    if arguments.evidence:
        _write(arguments.evidence / f"check-{arguments.stack}.json", arguments.stack, found, results)
    total = f"{len(results)} checks of stack {arguments.stack} at {found['url']}"
    print(f"{total}: {failed} failed" if failed else f"{total} passed")
    return 1 if failed else 0


def _results(arguments: argparse.Namespace, found: Mapping[str, Any]) -> Iterator[Result]:
    settings = stack_settings.load_settings(arguments.stack, {})
    if arguments.digest:
        yield expect("the deployed digest is the one that was given", found["digest"], arguments.digest)
    yield from running.results(found, settings)
    with client.opened(found, settings.edge.hosts, arguments.address) as front:
        away = front.wait(arguments.wait)
        yield Result(f"GET {front.path} says that it is healthy", away)
        if away is None:
            yield from edge.results(front, settings)


def _write(file: Path, stack: str, found: Mapping[str, Any], results: list[Result]) -> None:
    """The evidence: which deployment was looked at, and what each check found."""
    file.parent.mkdir(parents=True, exist_ok=True)
    checks = [{"check": one.name, "passed": one.problem is None, "found": one.problem} for one in results]
    document = {"stack": stack, "url": found["url"], "digest": found["digest"], "image": found["image"]}
    file.write_text(json.dumps({**document, "checks": checks}, indent=2) + "\n")
