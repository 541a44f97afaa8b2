"""A program with many services, for the bench: BENCH_SERVICES of them, made by the project's own components.

It stands in a copy of the project, in the place of its `__main__.py`.
"""

import os
from dataclasses import replace

import pulumi
import pulumi_kubernetes

from components import configuration, platform, preflight
from components.application import application
from components.image.application_image import ApplicationImage
from components.kubernetes.cluster import cluster as clusters
from components.kubernetes.cluster.cluster import Cluster
from components.settings import Settings

make_provider = clusters.provider
shared: list[pulumi_kubernetes.Provider] = []


def one_provider(
    name: str, settings: Settings, cluster: Cluster, opts: pulumi.ResourceOptions
) -> pulumi_kubernetes.Provider:
    """The first deployment's provider, for all of them."""
    if not shared:
        shared.append(make_provider(name, settings, cluster, pulumi.ResourceOptions()))
    return shared[0]


if os.environ.get("BENCH_ONE_PROVIDER"):
    clusters.provider = one_provider

stack = pulumi.get_stack()
settings = configuration.load(stack).settings
context, found = preflight.check(settings, stack)
assert isinstance(found, Cluster)
image = ApplicationImage("mimir", settings, context)
for number in range(int(os.environ["BENCH_SERVICES"])):
    one = application.describe(settings, f"{stack}-{number}")
    platform.deploy(f"mimir-{number}", settings, one, replace(found, namespace=f"{stack}-{number}"), image.ref)
