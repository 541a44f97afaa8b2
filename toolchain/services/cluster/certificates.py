"""The cluster's own authority, and a certificate for each of its parts: made once, all or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain.artefacts import Artefact, publishing
from toolchain.command import run_logged
from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.kubeconfig import kubeconfig
from toolchain.services.cluster.places import LOOPBACK, NAME

DAYS = "3650"
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
SERVICE_ACCOUNTS = "service-accounts.key"
KUBELET_CLIENT = "kube-apiserver"
"""Who the API server is to the kubelet."""

REQUEST = """\
[req]
prompt = no
distinguished_name = name
[name]
{name}
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[part]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth, serverAuth
{names}
"""


@dataclass(frozen=True)
class Identity:
    """Who a part is to the others. Kubernetes takes the user from `user` and the group from `group`.

    `served_at` are the names and addresses at which it is asked; `calls` whether it calls the API.
    """

    name: str
    user: str
    group: str = ""
    served_at: tuple[str, ...] = ()
    calls: bool = True


def identities(addresses: Addresses) -> list[Identity]:
    """The cluster's parts and its administrator."""
    service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
    api = ("localhost", LOOPBACK, str(addresses.node), str(addresses.api), *service)
    return [
        Identity("etcd", "etcd", served_at=("localhost", LOOPBACK), calls=False),
        Identity("apiserver", KUBELET_CLIENT, served_at=api, calls=False),
        Identity("controller-manager", "system:kube-controller-manager", served_at=("localhost", LOOPBACK)),
        Identity("scheduler", "system:kube-scheduler", served_at=("localhost", LOOPBACK)),
        Identity("kubelet", f"system:node:{NAME}", "system:nodes", served_at=(NAME, str(addresses.node))),
        Identity("proxy", "system:kube-proxy"),
        Identity("provisioner", f"{NAME}:provisioner"),
        Identity("policies", f"{NAME}:policies"),
        Identity("admin", f"{NAME}:admin", "system:masters"),
    ]


def ensure(folder: Path, addresses: Addresses, log: Path) -> None:
    """Create the keys, certificates and kubeconfigs of the cluster, unless they exist.

    Args:
        folder: receives the files; it is created complete or not at all.
        addresses: part of the certificates' subject alternative names.
        log: receives openssl's output.

    Raises:
        Problem: openssl fails.
    """
    if Artefact(folder).exists():
        return
    with publishing(Artefact(folder)) as work:
        work.chmod(0o700)
        _request(work, "ca", [f"CN = {NAME}"], (), log, ["-extensions", "authority"])
        run_logged(
            ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", SERVICE_ACCOUNTS], log, cwd=work
        )
        for identity in identities(addresses):
            subject = [f"CN = {identity.user}", *([f"O = {identity.group}"] if identity.group else [])]
            issued_by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-extensions", "part"]
            _request(work, identity.name, subject, identity.served_at, log, issued_by)
            if identity.calls:
                (work / f"{identity.name}.kubeconfig").write_text(kubeconfig(work, identity.name))


def _request(
    work: Path, name: str, subject: Sequence[str], served_at: Sequence[str], log: Path, more: Sequence[str]
) -> None:
    """Make the files NAME.key and NAME.crt. The settings are ours alone: the machine's openssl.cnf may say anything."""
    settings = work / f"{name}.cnf"
    settings.write_text(REQUEST.format(name="\n".join(subject), names=_alternatives(served_at)))
    files = ["-config", settings.name, "-keyout", f"{name}.key", "-out", f"{name}.crt"]
    run_logged(["openssl", "req", "-x509", *CURVE, "-days", DAYS, *files, *more], log, cwd=work)
    settings.unlink()


def _alternatives(served_at: Sequence[str]) -> str:
    kinds = ("IP" if name[0].isdigit() else "DNS" for name in served_at)
    listed = ",".join(f"{kind}:{name}" for kind, name in zip(kinds, served_at, strict=True))
    return f"subjectAltName = {listed}" if listed else ""
