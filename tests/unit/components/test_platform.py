"""A run loads the libraries of its own platform only: each of the others would add a second to every command."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.project import PROJECT

BEFORE = """
from components import configuration, outputs, platform, preflight
from components.application import application
from components.image import application_image
from components.validation import warnings
"""
LIBRARIES = {"kubernetes", "pulumi_kubernetes", "pulumi_docker"}


def loaded(statements: str) -> set[str]:
    """The platforms' libraries that a fresh interpreter has loaded after these statements."""
    script = f"import sys\n{statements}\nprint(*({LIBRARIES!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("", set()),
        ("from components.docker.deployment import DockerDeployment", {"pulumi_docker"}),
        ("from components.kubernetes.deployment import KubernetesDeployment", {"kubernetes", "pulumi_kubernetes"}),
    ],
    ids=["before it is known", "docker", "kubernetes"],
)
def test_only_the_platforms_own_libraries_are_loaded(then: str, expected: set[str]) -> None:
    assert loaded(f"{BEFORE}\n{then}") == expected
