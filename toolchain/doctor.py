"""Looks at every tool and service, and changes nothing."""

from __future__ import annotations

from toolchain import policy_pack, versions, virtualenv
from toolchain.machine import Machine
from toolchain.obtain import inspect_tool
from toolchain.progress import Progress
from toolchain.report import STAND_IN, Row, Source, table
from toolchain.services.catalogue import every
from toolchain.state import State
from toolchain.tools import ON_DEMAND, TOOLS


def examine(machine: Machine) -> list[Row]:
    """A row for every tool and service."""
    tools = [inspect_tool(tool, machine) for tool in TOOLS if not tool.groups <= ON_DEMAND]
    return [
        _go(machine),
        *tools,
        virtualenv.inspect_virtualenv(machine.layout),
        *policy_pack.inspect_policy_pack(machine.layout, State.load(machine.layout)),
        *(service.look() for service in every(machine, Progress())),
    ]


def report(rows: list[Row]) -> str:
    """The table, and what to do about each problem; the same command is said once."""
    problems = [row for row in rows if not row.ok]
    fixes = dict.fromkeys(row.fix for row in problems)
    lines = [table(rows, with_verdict=True), ""]
    for fix in fixes:
        names = ", ".join(row.name for row in problems if row.fix == fix)
        lines.append(f"to fix {names}:\n    {fix}")
    if not problems:
        lines.append("everything is there")
    stand_ins = [row.name for row in rows if row.why.startswith(STAND_IN)]
    if stand_ins:
        lines.append(f"stand-ins for parts that cannot be had on this network: {', '.join(stand_ins)}")
    return "\n".join(lines)


def _go(machine: Machine) -> Row:
    if machine.found_go:
        return machine.found_go.row()
    # Not a problem: it is got when something has to be built.
    return Row("Go", "", Source.NONE, f"{versions.GO_OLDEST} or newer is fetched when something must be built")
