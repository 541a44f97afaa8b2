"""The command line: `python3 -m toolchain COMMAND`, from the project's root.

What only one command needs is loaded by it: `run` is part of every `make` command.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from toolchain import settled, stack_groups
from toolchain.groups import DEFAULT_GROUPS, GROUPS, with_what_they_need
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.state import State

INTERRUPTED = 130
CLUSTER = "cluster"
NEXT = "next: make up   (any other command: python3 -m toolchain run -- COMMAND)"
DETAILS = "`make doctor` shows them"


def main(arguments: list[str]) -> int:
    """Do what the command line says; gives the exit status."""
    chosen = _parser().parse_args(arguments)
    layout = Layout.of(Path.cwd(), os.environ)
    machine = Machine.of(layout, os.environ)
    signal.signal(signal.SIGTERM, _as_interrupt)
    signal.signal(signal.SIGHUP, _as_interrupt)
    try:
        match chosen.command:
            case "ensure":
                return _ensure(machine, chosen.group, chosen.stack, chosen.by_digest)
            case "run":
                if chosen.ensure:
                    _ensure(machine, None, chosen.stack, chosen.by_digest)
                return _run(machine, chosen.argv)
            case "env":
                from toolchain import environment

                state = State.load_settled(layout)
                print(environment.exports(environment.additions(layout, state, machine.environment)))
                return 0
            case "lock":
                from toolchain import lock_packages

                print(f"wrote {lock_packages.write(layout, machine.environment).name}")
                return 0
            case "doctor":
                from toolchain import doctor

                rows = doctor.examine(machine)
                print(doctor.report(rows))
                return 0 if all(row.ok for row in rows) else 1
            case _:
                return _stop(machine, erased=chosen.erase or [])
    except Problem as problem:
        print(f"toolchain: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntoolchain: interrupted; the same command continues where it stopped", file=sys.stderr)
        return INTERRUPTED


def _ensure(machine: Machine, groups: list[str] | None, stack: str | None, by_digest: bool) -> int:
    began = time.monotonic()
    of_stack = stack_groups.groups(stack, machine.layout, by_digest) if stack else ()
    requested = [*(groups or DEFAULT_GROUPS), *of_stack]
    groups_to_ensure = set(GROUPS) if "all" in requested else with_what_they_need(requested)
    by_hand = "MAKELEVEL" not in machine.environment
    if by_hand or not settled.holds(machine, groups_to_ensure):
        from toolchain.ensure import ensure
        from toolchain.progress import Progress
        from toolchain.report import table

        rows = ensure(machine, groups_to_ensure, Progress())
        if by_hand or any(row.is_new for row in rows):
            print(table(rows), end="\n\n")
    print(f"tools: ready after {time.monotonic() - began:.0f} s; {NEXT if by_hand else DETAILS}", flush=True)
    if CLUSTER in groups_to_ensure:
        from toolchain.progress import Progress
        from toolchain.services.catalogue import cluster_in_use

        print(f"\n{cluster_in_use(machine, Progress()).notice()}", flush=True)
    return 0


def _run(machine: Machine, argv: list[str]) -> int:
    command = argv[1:] if argv[:1] == ["--"] else argv
    if not command:
        raise Problem("there is no command to run", "python3 -m toolchain run -- COMMAND ...")
    from toolchain import environment

    variables = environment.additions(machine.layout, State.load_settled(machine.layout), machine.environment)
    try:
        os.execvpe(command[0], command, {**os.environ, **variables})
    except OSError as error:
        raise Problem(f"{command[0]}: {error.strerror}", "check the command's name") from error


def _stop(machine: Machine, erased: list[str]) -> int:
    from toolchain.ensure import refresh_cluster
    from toolchain.lock import exclusive
    from toolchain.progress import Progress
    from toolchain.services.catalogue import every
    from toolchain.services.cluster.service import Cluster

    progress = Progress()
    with exclusive(machine.layout.lock, "stop", progress.say):
        done = []
        for service in reversed(every(machine, progress)):
            with progress.step(f"stopping {service.name}"):
                done += [f"stopped {what}" for what in service.stop()]
        state = State.load(machine.layout)
        if refresh_cluster(machine, state):
            state.save(machine.layout)
        if CLUSTER in erased:
            with progress.step("erasing the test cluster"):
                done += [f"erased {what}" for what in Cluster(machine, progress).erase()]
    print("\n".join(done) or "nothing to stop: the toolchain runs no service")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    ensuring = commands.add_parser("ensure", help="find or get every tool, make .venv, start the services")
    ensuring.add_argument(
        "--group",
        action="append",
        choices=[*GROUPS, "all"],
        help=f"may be repeated; {' and '.join(DEFAULT_GROUPS)} if left out",
    )
    ensuring.add_argument("--stack", help="and what this stack needs besides: the kubernetes plugin, or nothing")
    running = commands.add_parser("run", help="run a command with the tools in reach")
    running.add_argument("--ensure", action="store_true", help="`ensure` first, as `make` does")
    running.add_argument("--stack", help="with --ensure: what this stack needs besides")
    for command in (ensuring, running):
        command.add_argument("--by-digest", action="store_true", help="this run deploys an image by its digest")
    running.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    commands.add_parser("env", help='print the same environment for a shell: eval "$(python3 -m toolchain env)"')
    commands.add_parser("lock", help="write requirements.lock anew: what the requirement files name, with hashes")
    commands.add_parser("doctor", help="say what is there and how to fix what is not; exit 1 if there is a problem")
    stopping = commands.add_parser("stop", help="stop the services that the toolchain started")
    stopping.add_argument("--erase", action="append", choices=[CLUSTER], help="and delete what is in it")
    return parser


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
