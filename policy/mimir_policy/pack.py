"""The rules as a pack of Pulumi's policy SDK."""

from __future__ import annotations

from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from mimir_policy import from_sdk, judge
from mimir_policy.rule import Rule
from mimir_policy.rules import RULES

NAME = "mimir-policy"


def start() -> None:
    """Serve the pack to the CLI that started this process, until it ends."""
    from_sdk.mark_secrets()
    PolicyPack(NAME, policies(), enforcement_level=EnforcementLevel.MANDATORY)


def policies() -> list[Policy]:
    """Every rule as a policy."""
    return [_of_resource(rule) if rule.of_resource else _of_stack(rule) for rule in RULES]


def _of_resource(rule: Rule) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for message in judge.resource_messages(rule, from_sdk.resource(args), args.get_config()):
            report(message, None)

    return ResourceValidationPolicy(validate=validate, **_about(rule))


def _of_stack(rule: Rule) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = [from_sdk.resource(item) for item in args.resources]
        for resource, message in judge.stack_messages(rule, resources, args.get_config()):
            report(message, resource.urn)

    return StackValidationPolicy(validate=validate, **_about(rule))


def _about(rule: Rule) -> dict[str, Any]:
    """The policy's metadata, which the CLI shows."""
    lists = {
        name: {
            "type": "array",
            "items": {"type": "string"},
            "default": list(setting.default),
            "description": setting.what,
        }
        for name, setting in rule.settings.items()
    }
    return {
        "name": rule.name,
        "description": f"{rule.what} ({rule.why})",
        "severity": Severity(rule.severity),
        "remediation_steps": rule.fix,
        "config_schema": PolicyConfigSchema(lists) if lists else None,
    }
