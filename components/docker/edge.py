"""The edge on an engine: one HAProxy that stays, whatever becomes of what is behind it.

Its files are in a volume of its own. A container that never starts carries them there, like the configuration of the
application; but this volume is written anew, and HAProxy is told to read it again: a container that was replaced for
a new configuration would leave its port closed for a while.
"""

from __future__ import annotations

import pulumi
import pulumi_docker

from components.application.application import USER_ID
from components.docker import container_defaults, networks
from components.docker.application_container import go_duration
from components.docker.engine import engine as engines
from components.docker.engine import orphans, ports
from components.docker.engine.engine import Engine
from components.docker.labels import STANDBY, labels_of
from components.docker.rollout import container_failure
from components.docker.rollout.cutover import cut_over, files_volume
from components.edge import certificate
from components.edge.edge_spec import METRICS_PORT, EdgeSpec
from components.edge.haproxy import files
from components.edge.haproxy.backend import Backend
from components.edge.haproxy.files import Files
from components.settings import Settings

HEALTH_SECONDS = 5


class DockerEdge(pulumi.ComponentResource):
    """HAProxy in front of the application, with its files.

    Attributes:
        container_id: the engine's id, known once it sends requests to nobody but `service`.
    """

    container_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Settings,
        edge: EdgeSpec,
        engine: Engine,
        own_image: pulumi_docker.RemoteImage,
        image: pulumi.Input[str],
        network: pulumi.Input[str],
        internal: pulumi.Resource,
        service: pulumi.Output[str],
        service_id: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the edge.

        Args:
            name: of the resource.
            settings: the stack's.
            edge: what it does.
            engine: what the engine can do.
            own_image: HAProxy's.
            image: the application's, in which the carrier of the files is made.
            network: name of the network from which its ports are published.
            internal: the network that the application is in, unless it may connect to others.
            service: name of the application's container, known once it is healthy.
            service_id: the engine's id of it.
            opts: Pulumi's.
        """
        super().__init__("mimir:docker:DockerEdge", name, None, opts)
        application = edge.application
        here = pulumi.ResourceOptions(parent=self)
        hosts = ("localhost", engines.published_host(settings))
        pem = certificate.certificate_for(f"{name}-certificate", settings, hosts, here)
        rendered: pulumi.Output[Files] = pulumi.Output.all(service, pem).apply(
            lambda known: pulumi.Output.secret(
                files.render(edge, Backend(known[0], application.port, standby=STANDBY), known[1])
            )
        )
        volume = pulumi_docker.Volume(
            f"{name}-files",
            name=files_volume(edge),
            labels=labels_of(application, pulumi_docker.VolumeLabelArgs),
            opts=here,
        )
        carrier = pulumi_docker.Container(
            f"{name}-carrier",
            name=f"{edge.name}-carrier",
            image=image,
            start=False,
            must_run=False,
            network_mode="none",
            labels=labels_of(application, pulumi_docker.ContainerLabelArgs),
            mounts=[pulumi_docker.ContainerMountArgs(type="volume", source=volume.name, target=files.FOLDER)],
            uploads=rendered.apply(_uploads),
            opts=pulumi.ResourceOptions.merge(
                here,
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
            image=own_image.repo_digest,
            entrypoints=[files.COMMAND[0]],
            command=list(files.COMMAND[1:]),
            labels=labels_of(application, pulumi_docker.ContainerLabelArgs, "edge"),
            network_mode=network,
            ports=[
                pulumi_docker.ContainerPortArgs(internal=port.inside, external=port.port, ip=port.address)
                for port in ports.published(settings)
            ],
            mounts=[
                pulumi_docker.ContainerMountArgs(type="volume", source=volume.name, target=files.FOLDER, read_only=True)
            ],
            tmpfs={"/run/haproxy": f"rw,noexec,nosuid,nodev,size=1m,mode=0700,uid={USER_ID},gid={USER_ID}"},
            # HAProxy's own order for a soft stop: no new connection, and every request is answered.
            stop_signal="SIGUSR1",
            **container_defaults.arguments(
                settings,
                engine,
                cpus=edge.settings.cpus,
                memory_mib=edge.settings.memory_mib,
                grace_seconds=edge.grace_seconds,
            ),
            healthcheck=pulumi_docker.ContainerHealthcheckArgs(
                tests=["CMD", "wget", "-qO-", f"http://127.0.0.1:{METRICS_PORT}/ready"],
                interval=go_duration(HEALTH_SECONDS),
                timeout=go_duration(2),
                retries=3,
                start_period=go_duration(0),
            ),
            opts=pulumi.ResourceOptions.merge(
                here,
                pulumi.ResourceOptions(
                    delete_before_replace=True,  # name and published ports are taken until the old one is gone
                    replace_on_changes=[*container_defaults.REPLACED_FOR],
                    depends_on=[carrier, internal],
                    custom_timeouts=pulumi.CustomTimeouts(delete=f"{edge.grace_seconds + 60}s"),
                    hooks=pulumi.ResourceHookBinding(
                        before_create=[orphans.container_hook(name, settings, application)],
                        after_create=[networks.edge_hook(name, settings, application)],
                        on_error=[container_failure.hook(name, settings, application, "edge")],
                    ),
                ),
            ),
        )
        self.container_id = pulumi.Output.all(container.id, rendered, service_id, carrier.id).apply(
            lambda known: (
                str(known[0])
                if pulumi.runtime.is_dry_run()
                else cut_over(settings, edge, str(known[0]), known[1], str(known[2]))
            )
        )
        self.container_id = pulumi.Output.unsecret(self.container_id)
        self.register_outputs({"container_id": self.container_id})


def _uploads(rendered: Files) -> list[pulumi_docker.ContainerUploadArgs]:
    """Every file. An engine cannot give them to a user that its host does not know, so the volume itself, which only
    the edge mounts and only the host's root may enter, keeps the secret ones.
    """
    texts = sorted({**rendered.plain, **rendered.secret}.items())
    return [
        pulumi_docker.ContainerUploadArgs(file=f"{files.FOLDER}/{name}", content=text, permissions="0444")
        for name, text in texts
    ]
