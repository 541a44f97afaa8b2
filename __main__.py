"""Mimir from source to a running service: settings -> application -> image -> platform -> outputs."""

import pulumi

from components import application, config, preflight
from components.docker.deployment import DockerDeployment
from components.image import ApplicationImage
from components.outputs import export

stack = pulumi.get_stack()

loaded = config.load(stack)
settings = loaded.settings
mimir = application.describe(settings, stack)
context, engine = preflight.check(settings, stack)
for warning in [*loaded.warnings, *application.warnings(settings)]:
    pulumi.log.warn(warning)

image = ApplicationImage("mimir", settings, context)
deployment = DockerDeployment("mimir", settings, mimir, engine, image.ref)

export(settings, mimir, image, deployment)
