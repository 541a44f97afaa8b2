"""Which images may run."""

from __future__ import annotations

from collections.abc import Iterator

from mimir_policy.image_name import ImageName
from mimir_policy.platforms import containers_of
from mimir_policy.resource import DOCKER, Resource
from mimir_policy.rule import PropertyValue, Rule, Setting, Settings, Violation
from mimir_policy.values import dig, is_known, items

PULLED = "docker:index/remoteImage:RemoteImage"
BUILT = "docker-build:index:Image"
BUILT_FOR_ONE = "docker:index/image:Image"
ARCHITECTURES = ("linux/amd64", "linux/arm64")


def _run(resource: Resource) -> Iterator[PropertyValue]:
    """The images that run, as far as their names are known."""
    for container in containers_of(resource):
        if container.image.value is None or isinstance(container.image.value, str):
            yield container.image


def _named(resource: Resource) -> Iterator[PropertyValue]:
    """The images that run, and those that an engine is told to pull."""
    yield from _run(resource)
    if resource.type == PULLED and isinstance(resource.properties.get("name"), str):
        yield PropertyValue(resource.properties["name"], "name")


def _digest(resource: Resource, _: Settings) -> Iterator[Violation]:
    for image in _run(resource):
        if not ImageName.parse(image.value or "").is_pinned:
            yield Violation(image.property, image.value, "a name that ends with @sha256:…")


def _registry(resource: Resource, settings: Settings) -> Iterator[Violation]:
    allowed = settings["registries"]
    for image in _named(resource):
        name = ImageName.parse(image.value or "")
        if not any(name.is_from(registry) for registry in allowed):
            yield Violation(image.property, image.value, f"an image from {', '.join(allowed)}")


def _latest(resource: Resource, _: Settings) -> Iterator[Violation]:
    for image in _named(resource):
        if ImageName.parse(image.value or "").is_latest:
            yield Violation(image.property, image.value, "a digest, or the tag of a version")
    if resource.type == BUILT:
        for index, tag in enumerate(items(resource.properties.get("tags"))):
            if ImageName.parse(str(tag)).is_latest:
                yield Violation(f"tags[{index}]", tag, "the tag of a version")


def _platforms(resource: Resource, settings: Settings) -> Iterator[Violation]:
    required = settings["platforms"]
    allowed = f"at least {' and '.join(required)}"
    if resource.type == BUILT:
        platforms = resource.properties.get("platforms")
        if platforms is None or (is_known(platforms) and not set(required) <= set(items(platforms))):
            yield Violation("platforms", platforms, allowed)
    elif resource.type == BUILT_FOR_ONE and resource.type.startswith(DOCKER):
        yield Violation("build.platform", dig(resource.properties, "build", "platform"), allowed)


RULES = (
    Rule(
        name="image-digest",
        what="A container runs an image that is named by its digest.",
        why="NIST SP 800-190 4.2.2 (stale images); plan: Rollback Strategy",
        fix="name the image by the digest that the registry has for it: name@sha256:… "
        "(`docker buildx imagetools inspect NAME` shows it; for the edge: `mimir:edge.image`)",
        severity="high",
        of_resource=_digest,
    ),
    Rule(
        name="image-registry",
        what="Images come from allowed registries only.",
        why="NIST SP 800-190 4.1.5 (untrusted images); CIS Docker Benchmark 1.6, 4.2",
        fix="push the image to an allowed registry, or allow its registry in the pack's configuration "
        "(policy/mandatory.json: `image-registry.registries`)",
        severity="critical",
        of_resource=_registry,
        settings={
            "registries": Setting(
                ("127.0.0.1", "localhost", "docker.io/library/haproxy"),
                "Registries, each alone or with the beginning of a path; one without a port stands for every port.",
            )
        },
    ),
    Rule(
        name="image-latest",
        what="No image is named `latest`, or by no tag at all, which is the same.",
        why="NIST SP 800-190 4.2.2 (stale images)",
        fix="name a version, or better a digest",
        severity="medium",
        of_resource=_latest,
    ),
    Rule(
        name="image-platforms",
        what="What is built runs on both architectures.",
        why="plan: Phase 1, Implement multi-architecture support (amd64, arm64)",
        fix="`pulumi config set --path 'mimir:image.platforms' …` with both, or leave it out; "
        "build with docker-build.Image, because docker.Image knows one platform",
        severity="medium",
        of_resource=_platforms,
        settings={"platforms": Setting(ARCHITECTURES, "Platforms that every built image must have.")},
    ),
)
