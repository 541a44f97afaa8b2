"""Collects the engine's events of a preview through Pulumi's Automation API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.automation import (
    CommandError,
    DiagnosticEvent,
    EngineEvent,
    LocalWorkspaceOptions,
    PolicyEvent,
    Stack,
    StepEventMetadata,
    select_stack,
)

from ops.display.messages import UNREMARKABLE
from ops.stack import cli as stacks
from ops.stack.stack_error import StackError

PROGRAM = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Observed:
    """One preview.

    Attributes:
        steps: what the engine would do, in its order.
        results: each resource as it would be afterwards, or, in a drift check, as it is on the platform.
        outputs: the stack's outputs as they would be; what only an update can tell is missing or not a real value.
        warnings: what the program and the providers warn of.
        errors: because of which the preview failed, each with the URN that it is about, or an empty text.
        policies: violations of the policy pack.
        packs: policy packs that ran, with their version.
        text: the CLI's own output.
        failed: whether the CLI ended with an error.
    """

    steps: tuple[StepEventMetadata, ...]
    results: tuple[StepEventMetadata, ...]
    outputs: Mapping[str, Any]
    warnings: tuple[str, ...]
    errors: tuple[tuple[str, str], ...]
    policies: tuple[PolicyEvent, ...]
    packs: Mapping[str, str]
    text: str
    failed: bool


def workspace(name: str, environment: Mapping[str, str]) -> Stack:
    """Select the stack `name` of the project in this folder.

    Args:
        name: the stack's name.
        environment: variables to add to the environment of the CLI.

    Raises:
        StackError: when it cannot be selected.
    """
    options = LocalWorkspaceOptions(env_vars={**stacks.environment(), **environment})
    try:
        return select_stack(name, work_dir=".", opts=options)
    except CommandError as error:
        raise StackError(f"stack {name} cannot be selected: {error}") from error


def preview(stack: Stack, packs: Iterable[str] = (), pack_configs: Iterable[str] = ()) -> Observed:
    """Preview an update of `stack`.

    Args:
        stack: the stack.
        packs: folders of the policy packs to run.
        pack_configs: one configuration file for each pack, in the same order.
    """
    events: list[EngineEvent] = []
    try:
        text = stack.preview(
            on_event=events.append,
            color="never",
            diff=True,
            policy_packs=list(packs) or None,
            policy_pack_configs=list(pack_configs) or None,
        ).stdout
    except CommandError as error:
        return _observed(events, str(error), failed=True)
    return _observed(events, text, failed=False)


def drift(stack: Stack) -> Observed:
    """Compare the state of `stack` with its platform."""
    events: list[EngineEvent] = []
    try:
        text = stack.preview_refresh(on_event=events.append, color="never").stdout
    except CommandError as error:
        return _observed(events, str(error), failed=True)
    return _observed(events, text, failed=False)


def _observed(events: list[EngineEvent], text: str, *, failed: bool) -> Observed:
    steps = tuple(event.resource_pre_event.metadata for event in events if event.resource_pre_event)
    results = tuple(event.res_outputs_event.metadata for event in events if event.res_outputs_event)
    diagnostics = [event.diagnostic_event for event in events if event.diagnostic_event]
    summary = next((event.summary_event for event in events if event.summary_event), None)
    return Observed(
        steps=steps,
        results=results,
        outputs=next((result.new.outputs or {} for result in results if result.type == PROGRAM and result.new), {}),
        warnings=tuple(
            dict.fromkeys(_text(diagnostic) for diagnostic in diagnostics if diagnostic.severity == "warning")
        ),
        errors=tuple(
            (diagnostic.urn or "", _text(diagnostic))
            for diagnostic in diagnostics
            if diagnostic.severity == "error" and not _text(diagnostic).startswith(UNREMARKABLE)
        ),
        policies=tuple(event.policy_event for event in events if event.policy_event),
        # The engine appends the pack's local path, which does not belong in a report.
        packs={name.split("|")[0]: version for name, version in summary.policy_packs.items()} if summary else {},
        text=text,
        failed=failed,
    )


def _text(event: DiagnosticEvent) -> str:
    return event.message.strip().removeprefix("Preview failed: ")
