"""Container hardening: user, file system, capabilities and system calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mimir_policy.platforms import containers_of
from mimir_policy.resource import Resource
from mimir_policy.rule import OfResource, PropertyValue, Rule, Settings, Violation
from mimir_policy.values import UNKNOWN, is_known, items
from mimir_policy.view import Container

MAY_BE_ADDED = ("NET_BIND_SERVICE",)
PROFILES = ("RuntimeDefault", "Localhost")


def _each(check: Callable[[Container], Iterator[Violation]]) -> OfResource:
    """Apply `check` to every container of a resource."""

    def of_resource(resource: Resource, _: Settings) -> Iterator[Violation]:
        for container in containers_of(resource):
            yield from check(container)

    return of_resource


def _must_be(setting: PropertyValue, expected: bool) -> Iterator[Violation]:
    if setting.value is not UNKNOWN and setting.value is not expected:
        yield Violation(setting.property, setting.value, str(expected).lower())


def _non_root(container: Container) -> Iterator[Violation]:
    setting = container.non_root
    if setting.value is not UNKNOWN and setting.value is not True:
        shown = setting.value if setting.shown is None else setting.shown
        yield Violation(setting.property, shown, "a number other than 0, or on Kubernetes runAsNonRoot: true")


def _read_only(container: Container) -> Iterator[Violation]:
    return _must_be(container.read_only_root, True)


def _capabilities(container: Container) -> Iterator[Violation]:
    dropped, added = container.dropped, container.added
    names = {str(name).upper().removeprefix("CAP_") for name in items(dropped.value)}
    if is_known(dropped.value) and "ALL" not in names:
        yield Violation(dropped.property, dropped.value, "a list with ALL")
    more = {str(name).upper().removeprefix("CAP_") for name in items(added.value)} - set(MAY_BE_ADDED)
    if more:
        yield Violation(added.property, ", ".join(sorted(more)), f"nothing but {', '.join(MAY_BE_ADDED)}")


def _privileges(container: Container) -> Iterator[Violation]:
    if container.privileged.value not in (None, False, UNKNOWN):
        yield Violation(container.privileged.property, container.privileged.value, "false")
    if container.escalation.value not in (False, UNKNOWN):
        setting = container.escalation
        allowed = "no-new-privileges:true among them" if setting.property == "securityOpts" else "false"
        yield Violation(setting.property, None if setting.property == "securityOpts" else setting.value, allowed)


def _seccomp(container: Container) -> Iterator[Violation]:
    setting = container.seccomp
    if setting.value is not UNKNOWN and setting.value not in PROFILES:
        yield Violation(setting.property, setting.value, " or ".join(PROFILES))


RULES = (
    Rule(
        name="non-root",
        what="No container runs as root.",
        why="Pod Security Standards restricted (Running as Non-root); CIS Docker Benchmark 1.6, 4.1; "
        "NIST SP 800-190 4.1.2; plan: Security, Non-root user execution",
        fix="set `user` to numbers (Docker), or runAsNonRoot with a runAsUser other than 0 (Kubernetes)",
        severity="high",
        of_resource=_each(_non_root),
    ),
    Rule(
        name="read-only-root",
        what="A container's root file system is read-only.",
        why="CIS Docker Benchmark 1.6, 5.13; NIST SP 800-190 4.4.4; "
        "plan: Runtime Security, Read-only filesystem where possible",
        fix="set readOnly (Docker) or readOnlyRootFilesystem (Kubernetes), and mount what must be writable",
        severity="medium",
        of_resource=_each(_read_only),
    ),
    Rule(
        name="capabilities",
        what="A container gives up every capability, and takes back none but NET_BIND_SERVICE.",
        why="Pod Security Standards restricted (Capabilities); CIS Docker Benchmark 1.6, 5.4",
        fix="drop ALL and add nothing",
        severity="high",
        of_resource=_each(_capabilities),
    ),
    Rule(
        name="privileges",
        what="A container is not privileged, and its processes gain no rights.",
        why="Pod Security Standards restricted (Privileged Containers, Privilege Escalation); "
        "CIS Docker Benchmark 1.6, 5.5 and 5.26",
        fix="leave out `privileged`; set securityOpts to no-new-privileges:true (Docker), "
        "or allowPrivilegeEscalation to false (Kubernetes)",
        severity="critical",
        of_resource=_each(_privileges),
    ),
    Rule(
        name="seccomp",
        what="System calls are filtered.",
        why="Pod Security Standards restricted (Seccomp); CIS Docker Benchmark 1.6, 5.22",
        fix="leave the engine's profile on (Docker), or set seccompProfile.type to RuntimeDefault (Kubernetes)",
        severity="medium",
        of_resource=_each(_seccomp),
    ),
)
