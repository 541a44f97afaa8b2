"""Find or get every tool of the chosen groups, and start their services."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import cast

from toolchain import policy_pack, pulumi_home, settled, virtualenv
from toolchain.artefacts import discard_partial, link_programs
from toolchain.cluster_context import is_named
from toolchain.gobuild import GoRecipe
from toolchain.golang import find_go
from toolchain.lock import exclusive
from toolchain.machine import Machine
from toolchain.obtain import build_of, inspect_tool, obtain
from toolchain.prefetch import Job, in_background, modules
from toolchain.progress import Progress
from toolchain.report import Row, Source
from toolchain.services import engine
from toolchain.services.base import Service
from toolchain.services.builder import ImageBuilder
from toolchain.services.catalogue import cluster_in_use, services
from toolchain.services.cluster import programs as cluster_programs
from toolchain.services.cluster.places import API_PORT, LOOPBACK
from toolchain.services.cluster.service import Cluster
from toolchain.services.haproxy import HAProxy
from toolchain.services.question import CONNECT, Question
from toolchain.state import State
from toolchain.sweep import sweep
from toolchain.tool import PLUGIN, Tool
from toolchain.tools import BUILDKITD, TOOLS

PYTHON_GROUPS = frozenset({"pulumi", "audit", "supply"})


def ensure(machine: Machine, groups: Collection[str], progress: Progress) -> list[Row]:
    """Get every tool, start every service of `groups`, and save the state that `run` reads.

    Args:
        machine: this machine and checkout.
        groups: names of groups (`groups.GROUPS`).
        progress: shows each step.

    Returns:
        One row for each tool and service.

    Raises:
        Problem: something is not available. Whatever was installed before that is kept.
    """
    layout = machine.layout
    chosen = set(groups)
    purpose = f"ensure for {layout.project}"
    with exclusive(layout.lock, purpose, progress.say) as announce:
        progress.on_step = announce
        discard_partial(layout.artefacts)
        discard_partial(layout.packages)
        state = State.load(layout)
        try:
            rows = _ensure_all(machine, chosen, progress, state)
        finally:
            link_programs(_programs(machine, state), layout.bin)
            pulumi_home.prepare(layout, state, pulumi_home.of_user())
            policy_pack.prepare(layout, state)
            state.save(layout)
            sweep(layout)
        settled.note(machine, chosen, _questions(services(machine, progress, chosen), state))
        return [*rows, *policy_pack.inspect_policy_pack(layout, state)]


def _questions(own_services: Sequence[Service], state: State) -> list[Question] | None:
    """What tells that the services still are as they are now; None where one of them cannot be asked quickly."""
    of_services = [service.questions() for service in own_services]
    if None in of_services:
        return None
    # It may end by itself; then KUBECONFIG must not name it any more.
    cluster = [Question(f"tcp://{LOOPBACK}:{API_PORT}", CONNECT)] if state.services.get(Cluster.name) else []
    return [*(question for questions in of_services for question in questions or ()), *cluster]


def _programs(machine: Machine, state: State) -> list[Path]:
    """What belongs on PATH: our tools but for plugins, and what is not there already of Go and of clients."""
    has_cluster = is_named(machine.environment) or bool(state.services.get(Cluster.name))
    kubectl = cluster_programs.kubectl(machine) if has_cluster else None
    candidates = (engine.client(machine), kubectl, HAProxy(machine).program())
    clients = [client for client in candidates if client]
    artefacts = [artefact for artefact in state.own() if not artefact.folder.name.startswith(PLUGIN)]
    tools = [program for artefact in artefacts for program in artefact.programs()]
    go = find_go(machine.layout, machine.environment) if not machine.which("go") else None
    return [*tools, *clients, *([Path(go.program), go.root / "bin/gofmt"] if go else [])]


def _ensure_all(machine: Machine, chosen: set[str], progress: Progress, state: State) -> list[Row]:
    layout = machine.layout
    tools = [tool for tool in TOOLS if tool.groups & chosen]
    own_services = services(machine, progress, chosen)
    wants_python = bool(PYTHON_GROUPS & chosen)
    progress.total = len(tools) + len(own_services) + wants_python
    rows = []
    ahead: list[Job] = [lambda: virtualenv.ensure(layout, machine.environment)] if wants_python else []
    ahead += [modules(recipe, machine) for recipe in _to_build(tools, own_services, machine)]
    with in_background(ahead) as jobs:
        for tool in tools:
            progress.number += 1
            obtained = obtain(tool, machine, progress)
            rows.append(obtained.row)
            state.artefacts[tool.name] = str(obtained.artefact.folder) if obtained.artefact else None
        if wants_python:
            progress.number += 1
            with progress.step("making .venv"):
                rows.append(cast(Row, jobs[0].result()))
        rows += _started(own_services, progress, state)
    refresh_cluster(machine, state)
    return [*_go(machine), *rows]


def _to_build(tools: Sequence[Tool], own_services: Sequence[Service], machine: Machine) -> list[GoRecipe]:
    """What will be built from Go modules, as far as that can be seen before the first tool is there."""
    # What was built is seen at once; whether a tool is installed takes a program's start to find out.
    unbuilt = [tool for tool in tools if not ((built := build_of(tool, machine)) and built.exists())]
    missing = [
        tool for tool in unbuilt if isinstance(tool.recipe, GoRecipe) and not inspect_tool(tool, machine).version
    ]
    silent_sites = [tool for tool in missing if not tool.download or machine.sites.silence(tool.site)]
    of_service = {ImageBuilder: (BUILDKITD,), Cluster: cluster_programs.RECIPES}
    built_for = [service for service in own_services if type(service) in of_service]
    stopped = [service for service in built_for if service.look().source in (Source.NONE, Source.STOPPED)]
    return [
        *(tool.recipe for tool in silent_sites if isinstance(tool.recipe, GoRecipe)),
        *(recipe for service in stopped for recipe in of_service[type(service)]),
    ]


def _started(own_services: Sequence[Service], progress: Progress, state: State) -> list[Row]:
    rows = []
    for service in own_services:
        progress.number += 1
        with progress.step(f"starting {service.name}"):
            rows.append(service.ensure())
        state.services[service.name] = dict(service.environment())
    return rows


def refresh_cluster(machine: Machine, state: State) -> bool:
    """Update the state with whether the test cluster runs, if this checkout uses it.

    Another checkout may start or stop it. Unlike the other services it is not always restarted; while it is stopped,
    KUBECONFIG is left to the user.

    Args:
        machine: this machine and checkout.
        state: updated in place; the caller saves it.

    Returns:
        Whether this checkout uses the cluster, so that the state has to be saved.
    """
    if Cluster.name not in state.services:
        return False
    state.services[Cluster.name] = dict(cluster_in_use(machine, Progress()).environment())
    return True


def _go(machine: Machine) -> list[Row]:
    """Go belongs in the table only where it was needed."""
    return [machine.go.row()] if "go" in vars(machine) else []
