"""The application's image: built for several platforms and pushed as one index, or prebuilt; referenced by digest."""

from __future__ import annotations

import pulumi
import pulumi_docker_build as docker_build

from components.image import build_failure, build_inputs, registry
from components.image.build_context import BuildContext
from components.settings import Settings


class ApplicationImage(pulumi.ComponentResource):
    """Builds the staged context and pushes it; a preview never pushes. A prebuilt image is used by its digest.

    Attributes:
        ref: `repository@sha256:...`, the only reference to the image in other resources.
        digest: digest of the index.
        platforms: platforms of the index; `prebuilt_image` has checked those of a prebuilt one.
    """

    ref: pulumi.Output[str]
    digest: pulumi.Output[str]
    platforms: tuple[str, ...]

    def __init__(
        self, name: str, settings: Settings, context: BuildContext | None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Build `context`; without one, use `image.digest`."""
        super().__init__("mimir:image:ApplicationImage", name, None, opts)
        repository = registry.repository(settings.registry)
        self.platforms = build_inputs.platforms(settings)
        built = self._build(name, settings, context, repository) if context else None
        self.digest = built.digest.apply(str) if built else pulumi.Output.from_input(str(settings.image.digest))
        self.ref = pulumi.Output.concat(repository, "@", self.digest)
        self.register_outputs({"ref": self.ref, "digest": self.digest})

    def _build(self, name: str, settings: Settings, context: BuildContext, repository: str) -> docker_build.Image:
        failure = build_failure.hook(name, settings, context)
        return docker_build.Image(
            name,
            context=docker_build.BuildContextArgs(location=str(context.path)),
            dockerfile=docker_build.DockerfileArgs(location=build_inputs.dockerfile(settings)),
            platforms=[docker_build.Platform(platform) for platform in self.platforms],
            build_args=build_inputs.build_args(settings, context),
            secrets=_secrets(settings),
            ignore_secrets_in_diff_calculation=["goproxy"],
            no_cache=settings.image.no_cache,
            labels=build_inputs.labels(context),
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


def _secrets(settings: Settings) -> dict[str, pulumi.Output[str]]:
    proxy = settings.image.go_proxy
    return {"goproxy": pulumi.Output.secret(proxy.get_secret_value())} if proxy else {}


def _export(settings: Settings) -> str:
    export = f"type=registry,{build_inputs.EXPORT}"
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
