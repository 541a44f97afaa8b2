"""Whether the state of a stack can be moved to another backend."""

from __future__ import annotations

from components.problems import Problem, listed
from ops.audit_log.location import redact_url
from ops.stack.stack_error import StackError
from ops.state.state_backend import StateBackend, resources


def require_movable(project: str, stack: str, source: StateBackend, target: StateBackend) -> None:
    """Check that the state can be moved.

    Args:
        project: name of the project.
        stack: name of the stack.
        source: backend with the state.
        target: backend to move it to, which the commands in the error name.

    Raises:
        StackError: it cannot; the message lists all problems.
    """
    problems = []
    key = f"state of stack {stack} in {redact_url(source.url)}"
    environment = f"PULUMI_BACKEND_URL='{source.url}'"
    if source.locks(project, stack):
        fix = f"wait until it ends; if it was killed: {environment} pulumi cancel --yes {stack}"
        problems.append(Problem(key, "locked: an update is running", "no lock", fix))
    state = source.state(stack)
    if state.get("pending_operations"):
        fix = f"make up STACK={stack}, which completes it"
        problems.append(Problem(key, "an interrupted update", "no pending operation", fix))
    if not resources(state):
        fix = f"make up STACK={stack}, with PULUMI_BACKEND_URL='{target.url}', which creates it there"
        problems.append(Problem(key, "no resource", "a deployed stack", fix))
    if problems:
        raise StackError(f"the state cannot be moved; nothing was changed.\n\n{listed(problems)}\n")
