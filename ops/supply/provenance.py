"""The provenance of an image, as an in-toto statement (SLSA: https://slsa.dev/spec/v1.0/provenance)."""

from __future__ import annotations

import os
import uuid
from typing import Any

from components.image import build_inputs
from components.image.attestations import PROVENANCE, TYPES
from components.image.build_context import BuildContext
from components.image.buildx import Built
from components.settings import Settings

PREDICATE_TYPE = TYPES[PROVENANCE]
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
BUILD_TYPE = "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md"
"""What `externalParameters` mean: BuildKit's own definition."""

LOCAL_BUILDER = "urn:mimir:builder:local"
"""A local machine: the verifier decides whether to trust it."""

FILE = "provenance.json"

Statement = dict[str, Any]


def statement(
    repository: str, settings: Settings, context: BuildContext, built: Built, started: str, finished: str
) -> Statement:
    """The statement about one build.

    Args:
        repository: what the image is called.
        settings: of the stack; nothing secret of it is in the statement.
        context: what was built.
        built: what came out.
        started: when the build began (RFC 3339).
        finished: when it ended.
    """
    arguments = {f"build-arg:{name}": value for name, value in build_inputs.build_args(settings, context).items()}
    labels = {f"label:{name}": value for name, value in build_inputs.labels(context).items()}
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": repository, "digest": {"sha256": built.digest.removeprefix("sha256:")}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "configSource": {"path": build_inputs.dockerfile(settings)},
                    "request": {"frontend": "dockerfile.v0", "args": {**arguments, **labels}},
                    "platforms": list(build_inputs.platforms(settings)),
                },
                "resolvedDependencies": [_source(context), *built.materials],
            },
            "runDetails": {
                "builder": {"id": _builder()},
                "metadata": {"invocationId": _invocation(), "startedOn": started, "finishedOn": finished},
            },
        },
    }


def subject_digest(document: Statement) -> str:
    """The digest that a statement is about; empty when it is about none, or about several."""
    subjects = document.get("subject") or []
    return f"sha256:{subjects[0].get('digest', {}).get('sha256')}" if len(subjects) == 1 else ""


def _source(context: BuildContext) -> dict[str, Any]:
    """The source: a commit where it is one, and always the hash of what was handed to the builder."""
    revision = context.revision
    digests = {"sha256": context.digest}
    if revision.commit and not context.dirty:
        digests["gitCommit"] = revision.commit
    uri = f"git+{revision.url}" if revision.url else f"urn:mimir:source:{context.version}"
    return {"uri": uri, "digest": digests, "name": "source"}


def _builder() -> str:
    """The workflow where one runs: its identity is in the signature's certificate, too."""
    workflow = os.environ.get("GITHUB_WORKFLOW_REF")
    return f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{workflow}" if workflow else LOCAL_BUILDER


def _invocation() -> str:
    run, repository = os.environ.get("GITHUB_RUN_ID"), os.environ.get("GITHUB_REPOSITORY")
    if not run:
        return f"urn:uuid:{uuid.uuid4()}"
    server, attempt = os.environ.get("GITHUB_SERVER_URL", ""), os.environ.get("GITHUB_RUN_ATTEMPT", "1")
    return f"{server}/{repository}/actions/runs/{run}/attempts/{attempt}"
