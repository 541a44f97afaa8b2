"""What a user should know of valid settings for a cluster: each warning begins with its key."""

from __future__ import annotations

from collections.abc import Iterator

from components.contract import CONTRACTS
from components.kubernetes.rules import most_pods, single_writer_keys
from components.registry import stored_login
from components.settings import Settings


def of(settings: Settings) -> Iterator[str]:
    """What an update or a second pod costs, and who may reach the application."""
    kubernetes, contract = settings.kubernetes, CONTRACTS[settings.contract]
    keys = single_writer_keys(settings)
    if keys:
        yield (
            f"mimir:{keys[0]}: only one pod may write, so every update ends the old pod before it starts the new one, "
            "an interruption. ReadWriteMany on every volume, and no `environment.dbPath`, ends that."
        )
    if most_pods(settings) > 1 and contract.state_in_memory:
        yield (
            f"mimir:kubernetes.replicas: {contract.state_in_memory} are in the memory of each process; pods do not "
            "share them."
        )
    registry = settings.registry
    if not (registry.password or kubernetes.pull_secrets) and stored_login(registry):
        yield (
            "mimir:kubernetes.pullSecrets: none. What `docker login` stored is for pushing and stays here; the cluster "
            "pulls without a login, unless this, or `registry.username` and `registry.password`, names one."
        )
    if not settings.network.ingress:
        yield (
            "mimir:network.ingress: nobody. Where the cluster enforces network policies, no pod may connect to the "
            "application until this names its edge."
        )
    if kubernetes.service_type != "ClusterIP":
        yield (
            "mimir:kubernetes.serviceType: the application authenticates nobody; everyone who reaches a node's port "
            "can read and change its configuration."
        )
