"""The edge on an engine: one HAProxy container that keeps running while the application is replaced.

Its files are in a volume of its own. A carrier, a container that is never started, copies them there, like the
configuration of the application. But this volume is overwritten, and HAProxy reloads its files: replacing the
container for a new configuration would close its port for a while.
"""

from __future__ import annotations

import pulumi
import pulumi_docker

from components.application.application import USER_ID
from components.docker import container_defaults, networks
from components.docker.application_container import go_duration, port_arguments
from components.docker.engine import engine as engines
from components.docker.engine import orphans
from components.docker.engine.engine import Engine
from components.docker.labels import STANDBY, deployment_labels
from components.docker.rollout import container_failure
from components.docker.rollout.cutover import cut_over, files_volume
from components.docker.rollout.update_step import on_update
from components.edge import certificate
from components.edge.edge_spec import METRICS_PORT, EdgeSpec
from components.edge.haproxy import files
from components.edge.haproxy.backend import Backend
from components.edge.haproxy.files import Files
from components.settings import Settings

HEALTH_CHECK_INTERVAL_SECONDS = 5


class DockerEdge(pulumi.ComponentResource):
    """HAProxy in front of the application, with its files.

    Attributes:
        container_id: the engine's id, known once all requests go to the container `service`.
    """

    container_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Settings,
        edge: EdgeSpec,
        engine: Engine,
        haproxy_image: pulumi_docker.RemoteImage,
        application_image: pulumi.Input[str],
        network: pulumi.Input[str],
        internal_network: pulumi.Resource,
        service: pulumi.Output[str],
        service_id: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create the edge.

        Args:
            name: logical name of the resource.
            settings: settings of the stack.
            edge: specification of the edge.
            engine: capabilities of the engine.
            haproxy_image: image of the edge's container.
            application_image: reference of the application's image, from which the carrier is created.
            network: name of the network from which the ports are published.
            internal_network: the network of the application, unless it may open connections.
            service: name of the application's container, known once it is healthy.
            service_id: the engine's id of the application's container.
            opts: resource options.
        """
        super().__init__("mimir:docker:DockerEdge", name, None, opts)
        application = edge.application
        child = pulumi.ResourceOptions(parent=self)
        hosts = ("localhost", engines.published_host(settings))
        pem = certificate.certificate_for(f"{name}-certificate", settings, hosts, child)
        rendered: pulumi.Output[Files] = pulumi.Output.all(service, pem).apply(
            lambda values: pulumi.Output.secret(
                files.render(edge, Backend(values[0], application.port, standby=STANDBY), values[1])
            )
        )
        volume = pulumi_docker.Volume(
            f"{name}-files",
            name=files_volume(edge),
            labels=deployment_labels(application, pulumi_docker.VolumeLabelArgs),
            opts=child,
        )
        carrier = pulumi_docker.Container(
            f"{name}-carrier",
            name=f"{edge.name}-carrier",
            image=application_image,
            start=False,
            must_run=False,
            network_mode="none",
            labels=deployment_labels(application, pulumi_docker.ContainerLabelArgs),
            mounts=[pulumi_docker.ContainerMountArgs(type="volume", source=volume.name, target=files.FOLDER)],
            uploads=rendered.apply(_uploads),
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    delete_before_replace=False,  # as in ConfigVolume
                    additional_secret_outputs=["uploads"],
                    hooks=pulumi.ResourceHookBinding(
                        before_create=[orphans.container_hook(f"{name}-carrier", settings, application)]
                    ),
                ),
            ),
        )
        container = pulumi_docker.Container(
            name,
            name=edge.name,
            image=haproxy_image.repo_digest,
            entrypoints=[files.COMMAND[0]],
            command=list(files.COMMAND[1:]),
            labels=deployment_labels(application, pulumi_docker.ContainerLabelArgs, "edge"),
            network_mode=network,
            ports=port_arguments(settings),
            mounts=[
                pulumi_docker.ContainerMountArgs(type="volume", source=volume.name, target=files.FOLDER, read_only=True)
            ],
            tmpfs={"/run/haproxy": f"rw,noexec,nosuid,nodev,size=1m,mode=0700,uid={USER_ID},gid={USER_ID}"},
            # HAProxy's signal for a soft stop: it accepts no new connections and completes all requests.
            stop_signal="SIGUSR1",
            **container_defaults.container_arguments(
                settings,
                engine,
                cpus=edge.settings.cpus,
                memory_mib=edge.settings.memory_mib,
                grace_seconds=edge.grace_seconds,
            ),
            healthcheck=pulumi_docker.ContainerHealthcheckArgs(
                tests=["CMD", "wget", "-qO-", f"http://127.0.0.1:{METRICS_PORT}/ready"],
                interval=go_duration(HEALTH_CHECK_INTERVAL_SECONDS),
                timeout=go_duration(2),
                retries=3,
                start_period=go_duration(0),
            ),
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    delete_before_replace=True,  # the old container holds the name and the published ports
                    replace_on_changes=[*container_defaults.REPLACE_ON_CHANGES],
                    depends_on=[carrier, internal_network],
                    custom_timeouts=pulumi.CustomTimeouts(delete=f"{edge.grace_seconds + 60}s"),
                    hooks=pulumi.ResourceHookBinding(
                        before_create=[orphans.container_hook(name, settings, application)],
                        after_create=[networks.connect_edge_hook(name, settings, application)],
                        on_error=[container_failure.hook(name, settings, application, "edge")],
                    ),
                ),
            ),
        )
        edge_id = on_update(
            lambda edge_id, edge_files, service_id, _carrier_id: cut_over(
                settings, edge, edge_id, edge_files, service_id
            ),
            container.id,
            rendered,
            service_id,
            carrier.id,
        )
        self.container_id = pulumi.Output.unsecret(edge_id)
        self.register_outputs({"container_id": self.container_id})


def _uploads(rendered: Files) -> list[pulumi_docker.ContainerUploadArgs]:
    """The files as uploads of the carrier.

    They are world-readable: an engine cannot change their owner to a user that its host does not have. The volume
    protects the secret ones: only the edge mounts it, and only root of the host can enter it.
    """
    texts = sorted({**rendered.plain, **rendered.secret}.items())
    return [
        pulumi_docker.ContainerUploadArgs(file=f"{files.FOLDER}/{name}", content=text, permissions="0444")
        for name, text in texts
    ]
