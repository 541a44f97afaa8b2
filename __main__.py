"""Mimir from source to a running service: settings -> application -> image -> platform -> outputs."""

import pulumi

from components import configuration, platform, preflight
from components.application import application
from components.image.application_image import ApplicationImage
from components.outputs import export
from components.validation import warnings

stack = pulumi.get_stack()

loaded = configuration.load(stack)
settings = loaded.settings
mimir = application.describe(settings, stack)
context, target = preflight.check(settings, stack)
for warning in [*loaded.warnings, *warnings.collect_warnings(settings)]:
    pulumi.log.warn(warning)

image = ApplicationImage("mimir", settings, context)
deployment = platform.deploy("mimir", settings, mimir, target, image.ref)

export(image, deployment.outputs)
