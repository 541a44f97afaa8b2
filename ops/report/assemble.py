"""Makes the report of a stack: a preview, or a look for drift."""

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
"""How Pulumi refuses to delete or replace what is protected."""


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
        packs: folders of policy packs that judge it.
        pack_configs: a file of settings for each of them.
        allowed: names of resources that may be destroyed.
        built: gives the digest of the image that the preview has built.
        command: what repeats it.
    """
    seen = preview_events.preview(stack, packs, pack_configs)
    changes = fold(seen.steps)
    means = meaning.assess(changes)
    return (
        Report(
            stack=stack.name,
            kind="preview",
            changes=changes,
            meaning=means,
            unchanged=_unchanged(seen),
            image=image.describe(seen, changes, built),
            settings=changed_settings.changed(stack),
            violations=[_violation(one) for one in seen.policies],
            packs=seen.packs,
            warnings=seen.warnings,
            errors=_errors(seen, means, allowed),
            allowed=allowed,
            command=command,
        ),
        seen.text,
    )


def drift(stack: Stack, *, command: str) -> tuple[Report, str]:
    """What somebody changed or removed behind Pulumi's back, and the CLI's own output."""
    seen = preview_events.drift(stack)
    changes = drifted.drift_changes(seen.results)
    return (
        Report(
            stack=stack.name,
            kind="drift",
            changes=changes,
            meaning=Meaning(),
            unchanged=len(_resources(seen)) - len(changes),
            image="",
            settings=None,
            warnings=seen.warnings,
            errors=_errors(seen, Meaning(), frozenset()),
            command=command,
        ),
        seen.text,
    )


def _errors(seen: Observed, means: Meaning, allowed: frozenset[str]) -> list[str]:
    """The errors, but for refusals that the report already says as a destructive change that is not allowed."""
    said = {one.urn for one in means.destructive if one.name not in allowed}
    errors = [text for urn, text in seen.errors if not (urn in said and any(part in text for part in REFUSED))]
    return errors or ([seen.text] if seen.failed and not seen.errors else [])


def _violation(event: PolicyEvent) -> Violation:
    resource = (event.resource_urn or "").rsplit("::", 1)[-1]
    # The message starts with the policy's description, and the resource's own line follows.
    return Violation(event.policy_name, resource, event.enforcement_level == "mandatory", event.message.strip())


def _resources(seen: Observed) -> set[str]:
    """The URNs of what is a resource of a provider."""
    return {one.urn for one in [*seen.steps, *seen.results] if (state := one.new or one.old) and state.custom}


def _unchanged(seen: Observed) -> int:
    return len({one.urn for one in seen.steps if one.op is OpType.SAME} & _resources(seen))
