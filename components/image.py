"""The application's image: built for several platforms, pushed as one index, handed on as a digest."""

from __future__ import annotations

from datetime import UTC, datetime

import pulumi
import pulumi_docker_build as docker_build

from components import build_failure, registry
from components.build_context import BuildContext
from components.settings import Settings


class ApplicationImage(pulumi.ComponentResource):
    """Builds the staged context and pushes it; a preview builds and never pushes.

    Attributes:
        ref: `repository@sha256:...`, the only way in which the image is named downstream.
        digest: digest of the index.
        platforms: what the index holds.
    """

    ref: pulumi.Output[str]
    digest: pulumi.Output[str]
    platforms: tuple[str, ...]

    def __init__(
        self, name: str, settings: Settings, context: BuildContext, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mimir:image:ApplicationImage", name, None, opts)
        repository = registry.repository(settings.registry)
        # Development mode is for this machine's engine: the builder's own platform.
        self.platforms = () if settings.live_reload else settings.image.platforms
        dockerfile = "container/Dockerfile.dev" if settings.live_reload else "container/Dockerfile"
        build_args = _build_args(settings, context)
        failure = build_failure.hook(name, settings, context, dockerfile, build_args)
        built = docker_build.Image(
            name,
            context=docker_build.BuildContextArgs(location=str(context.path)),
            dockerfile=docker_build.DockerfileArgs(location=dockerfile),
            platforms=[docker_build.Platform(platform) for platform in self.platforms],
            build_args=build_args,
            secrets=_secrets(settings),
            ignore_secrets_in_diff_calculation=["goproxy"],
            no_cache=settings.image.no_cache,
            labels=_labels(context),
            tags=[f"{repository}:{'live-' if settings.live_reload else ''}{context.version}"],
            # An export and not `push=True`, which skips the build at preview (pulumi-docker-build#252). The provider
            # itself turns an export's push off in a preview.
            push=False,
            exports=[docker_build.ExportArgs(raw=_export(settings))],
            registries=_credentials(settings),
            builder=docker_build.BuilderConfigArgs(name=settings.image.builder) if settings.image.builder else None,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Builds are reproducible, so another stack may run the very same digest, and a rollback needs it.
                retain_on_delete=True,
                hooks=pulumi.ResourceHookBinding(on_error=[failure]),
            ),
        )
        self.digest = built.digest.apply(str)
        self.ref = pulumi.Output.concat(repository, "@", self.digest)
        self.register_outputs({"ref": self.ref, "digest": self.digest})


def _build_args(settings: Settings, context: BuildContext) -> dict[str, str]:
    return {
        "GO_IMAGE": settings.image.go_image,
        "BASE_IMAGE": settings.image.base_image,
        "PACKAGE": settings.source.package,
        # https://reproducible-builds.org/specs/source-date-epoch/: BuildKit takes every timestamp from it.
        "SOURCE_DATE_EPOCH": str(context.revision.epoch),
    }


def _secrets(settings: Settings) -> dict[str, pulumi.Output[str]]:
    proxy = settings.image.go_proxy
    return {"goproxy": pulumi.Output.secret(proxy.get_secret_value())} if proxy else {}


def _labels(context: BuildContext) -> dict[str, str]:
    """OCI image annotations (image-spec, annotations.md), as labels."""
    revision = context.revision
    labels = {
        "org.opencontainers.image.title": "mimir",
        "org.opencontainers.image.version": context.version,
        "org.opencontainers.image.created": datetime.fromtimestamp(revision.epoch, UTC).isoformat(),
    }
    if revision.commit:
        labels["org.opencontainers.image.revision"] = revision.commit + ("-dirty" if context.dirty else "")
    if revision.url:
        labels["org.opencontainers.image.source"] = revision.url
    return labels


def _export(settings: Settings) -> str:
    export = "type=registry,oci-mediatypes=true,rewrite-timestamp=true"
    return f"{export},registry.insecure=true" if settings.registry.insecure else export


def _credentials(settings: Settings) -> list[docker_build.RegistryArgs]:
    stack_registry = settings.registry
    if not (stack_registry.username and stack_registry.password):
        return []
    return [
        docker_build.RegistryArgs(
            address=stack_registry.address,
            username=stack_registry.username,
            password=pulumi.Output.secret(stack_registry.password.get_secret_value()),
        )
    ]
