"""Every rule of the pack."""

from __future__ import annotations

from mimir_policy.rule import Rule
from mimir_policy.rules import (
    budget,
    exposure,
    hardening,
    images,
    known,
    labels,
    namespaces,
    running,
    secret_texts,
    volumes,
)

RULES: tuple[Rule, ...] = (
    *images.RULES,
    *hardening.RULES,
    *running.RULES,
    *exposure.RULES,
    *secret_texts.RULES,
    *namespaces.RULES,
    *volumes.RULES,
    *budget.RULES,
    *labels.RULES,
    *known.RULES,
)
