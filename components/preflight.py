"""Checks of the machine, the platform and the registry before any resource is created."""

from __future__ import annotations

import re
import shlex

import pulumi

from components import platform
from components.application import application
from components.constants import UPDATE_WOULD_FAIL
from components.edge import certificate, edge_spec
from components.edge.haproxy import check as haproxy
from components.edge.haproxy import files
from components.edge.haproxy.backend import Backend
from components.image import image_signature, prebuilt_image, registry
from components.image.build_context import BuildContext, stage
from components.platform import Platform
from components.problems import DeploymentError, Problem
from components.settings import Settings
from components.source import main_package
from components.source.source import GitError, suggestion


def check(settings: Settings, stack: str) -> tuple[BuildContext | None, Platform]:
    """Stage the source unless `image.digest` is set, and check the platform and the registry.

    In production, an image that is deployed by its digest must have a valid signature. In a preview, an unavailable
    registry is a warning: a preview pushes nothing, and a pull request has no credentials.

    Args:
        settings: settings of the stack.
        stack: name of the stack.

    Returns:
        The build context, None if `image.digest` is set; and the platform.

    Raises:
        DeploymentError: if the deployment would fail; it lists every problem.
    """
    context = None if settings.image.digest else _context(settings)
    inspected, registry_problems = platform.inspect_platform(settings, stack), registry.problems(settings)
    image_problems = (
        [] if registry_problems else prebuilt_image.problems(settings) or image_signature.problems(settings, stack)
    )
    if pulumi.runtime.is_dry_run():
        for problem in registry_problems:
            pulumi.log.warn(f"{UPDATE_WOULD_FAIL}{problem}")
        registry_problems = []
    problems = [
        *_edge(settings, stack),
        *([context] if isinstance(context, Problem) else []),
        *(inspected if isinstance(inspected, list) else []),
        *registry_problems,
        *image_problems,
    ]
    if problems or isinstance(context, Problem) or isinstance(inspected, list):
        raise DeploymentError(stack, problems)
    return context, inspected


def _edge(settings: Settings, stack: str) -> list[Problem]:
    """What HAProxy rejects in its configuration; empty if no suitable HAProxy is installed on this machine."""
    if settings.edge.kind != "haproxy":
        return []
    mimir = application.describe(settings, stack)
    backend = Backend("application", mimir.port)
    rendered = files.render(edge_spec.describe(settings, mimir), backend, certificate.configured_certificate(settings))
    return haproxy.configuration_problems(rendered) or []


def _context(settings: Settings) -> BuildContext | Problem:
    source = settings.source
    try:
        context = stage(settings)
        # In development mode the source is mounted, and the compiler reports its errors at every save.
        package_problem = None if settings.live_reload else main_package.problem(source, context.path / "app")
        return package_problem or context
    except GitError as error:
        if untrusted := re.search(r"dubious ownership in repository at '(.+?)'", str(error)):
            return Problem(
                "mimir:source.location",
                f'"{source.location}", a repository that belongs to another user ({error})',
                "a repository of this user, or one that git is told to trust",
                f"git config --global --add safe.directory {shlex.quote(untrusted[1])}",
            )
        return Problem(
            "mimir:source.commit",
            f'"{source.commit}" cannot be had from "{source.location}" ({error})',
            "a commit that the repository has and this user may read",
            suggestion(source.location),
        )
    except OSError as error:
        return Problem(
            "mimir:source.location",
            f'"{source.location}" cannot be read ({error})',
            "a folder that this user can read",
            f"ls -la -- {shlex.quote(source.location)}",
        )
