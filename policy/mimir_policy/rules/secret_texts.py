"""Secrets are only in fields that are meant for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mimir_policy.platforms import texts_of
from mimir_policy.resource import Resource
from mimir_policy.rule import Rule, Settings, Violation
from mimir_policy.secret_signs import signs
from mimir_policy.values import hidden_texts


@dataclass(frozen=True)
class Sign:
    """Why a text looks like a secret, shown in place of the text."""

    text: str

    def __str__(self) -> str:
        return f"a secret in the clear ({self.text})"


def _secrets(resource: Resource, _: Settings) -> Iterator[Violation]:
    for text in texts_of(resource):
        value = text.property_value.value
        if any(hidden_texts(value)):
            reasons = [] if text.hidden_is_safe else ["Pulumi knows it as one, and the platform does not"]
        else:
            reasons = list(signs(text.name, value)) if isinstance(value, str) else []
        if reasons:
            allowed = "the name of a Secret (Kubernetes), or a value that Pulumi encrypts (Docker)"
            yield Violation(text.property_value.property, Sign("; ".join(reasons)), allowed)


RULES = (
    Rule(
        name="secrets",
        what="No secret is in a variable, label, annotation, command line, build argument or configuration file.",
        why="NIST SP 800-190 4.1.4 (embedded clear text secrets); CIS Kubernetes Benchmark 1.9, 5.4.1; "
        "CIS Docker Benchmark 1.6, 4.10; plan: Security, Secrets management",
        fix="make it a secret setting (`pulumi config set --secret`, `mimir:environment.secretVariables`); "
        "on Kubernetes put it into a Secret. If it was ever deployed or committed, change it",
        severity="critical",
        of_resource=_secrets,
    ),
)
