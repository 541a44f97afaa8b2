"""The sample, built and run on loopback as it runs in a deployment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import eventually
from tests.support.project import PROJECT


@contextmanager
def running(folder: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """The port on which it answers.

    Args:
        folder: for the program, its working directory and its log.
        environment: variables that it gets, besides PATH.
    """
    port = free_port()
    subprocess.run(["go", "build", "-C", str(PROJECT / "sample"), "-o", str(folder / "mimir"), "."], check=True)
    work = folder / "work"
    (work / "pipelines").mkdir(parents=True)
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [str(folder / "mimir"), "--server", str(port)],
            cwd=work,
            env={"PATH": os.environ["PATH"], **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            answers(f"http://127.0.0.1:{port}")
            yield port
        finally:
            process.kill()


def answers(url: str) -> str:
    """`url`, once its `/health` answers."""
    eventually(f"{url} answers", lambda: requests.get(f"{url}/health", verify=False, timeout=1).ok, 10)
    return url
