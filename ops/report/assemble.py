"""Assembles the report of a stack, from a preview or from a drift check."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pulumi.automation import OpType, PolicyEvent, Stack

from ops.report import changed_settings, drifted, preview_events
from ops.report.change import fold
from ops.report.meaning import image, meaning
from ops.report.meaning.meaning import Meaning
from ops.report.preview_events import Observed
from ops.report.report import Report, Violation

REFUSED = ("cannot be deleted\nbecause it is protected", "as it is currently marked for protection")
"""Parts of the messages with which Pulumi refuses to delete or replace a protected resource."""


def preview(
    stack: Stack,
    *,
    packs: Iterable[str],
    pack_configs: Iterable[str],
    allowed: frozenset[str],
    built: Callable[[], str | None],
    command: str,
) -> tuple[Report, str]:
    """What an update of `stack` would do, and the CLI's own output.

    Args:
        stack: the stack.
        packs: folders of the policy packs to run.
        pack_configs: one configuration file for each pack, in the same order.
        allowed: names of the resources that may be deleted or replaced.
        built: returns the digest of the image that the preview built.
        command: the command that repeats the preview.
    """
    observed = preview_events.preview(stack, packs, pack_configs)
    changes = fold(observed.steps)
    assessed = meaning.assess(changes)
    return (
        Report(
            stack=stack.name,
            kind="preview",
            changes=changes,
            meaning=assessed,
            unchanged=_unchanged(observed),
            image=image.describe(observed, changes, built),
            settings=changed_settings.changed(stack),
            violations=[_violation(event) for event in observed.policies],
            packs=observed.packs,
            warnings=observed.warnings,
            errors=_errors(observed, assessed, allowed),
            allowed=allowed,
            command=command,
        ),
        observed.text,
    )


def drift(stack: Stack, *, command: str) -> tuple[Report, str]:
    """The report of what was changed or removed outside of Pulumi, and the CLI's own output."""
    observed = preview_events.drift(stack)
    changes = drifted.drift_changes(observed.results)
    return (
        Report(
            stack=stack.name,
            kind="drift",
            changes=changes,
            meaning=Meaning(),
            unchanged=len(_resources(observed)) - len(changes),
            image="",
            settings=None,
            warnings=observed.warnings,
            errors=_errors(observed, Meaning(), frozenset()),
            command=command,
        ),
        observed.text,
    )


def _errors(observed: Observed, assessed: Meaning, allowed: frozenset[str]) -> list[str]:
    """The errors, without refusals that the report already lists as destructive changes that are not allowed."""
    reported = {change.urn for change in assessed.destructive if change.name not in allowed}
    errors = [text for urn, text in observed.errors if not (urn in reported and any(part in text for part in REFUSED))]
    return errors or ([observed.text] if observed.failed and not observed.errors else [])


def _violation(event: PolicyEvent) -> Violation:
    resource = (event.resource_urn or "").rsplit("::", 1)[-1]
    # The message starts with the policy's description, and the resource's own line follows.
    return Violation(event.policy_name, resource, event.enforcement_level == "mandatory", event.message.strip())


def _resources(observed: Observed) -> set[str]:
    """The URNs of the resources that a provider manages; components are left out."""
    return {
        step.urn for step in [*observed.steps, *observed.results] if (state := step.new or step.old) and state.custom
    }


def _unchanged(observed: Observed) -> int:
    return len({step.urn for step in observed.steps if step.op is OpType.SAME} & _resources(observed))
