"""The command lines of etcd, the API server, the controller manager and the scheduler."""

from __future__ import annotations

from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.certificates import SERVICE_ACCOUNTS
from toolchain.services.cluster.parts import Part
from toolchain.services.cluster.places import (
    API_PORT,
    ETCD_PEER_PORT,
    ETCD_PORT,
    LOOPBACK,
    MANAGER_PORT,
    NAME,
    SCHEDULER_PORT,
    Places,
)
from toolchain.services.cluster.programs import Programs

API = f"https://{LOOPBACK}:{API_PORT}"
ETCD = f"https://{LOOPBACK}:{ETCD_PORT}"
ETCD_PEER = f"https://{LOOPBACK}:{ETCD_PEER_PORT}"


def etcd(programs: Programs, places: Places) -> Part:
    """etcd. Only clients with a certificate of the cluster may read it: it stores every secret."""
    pki = places.pki
    tls_options = [f"--{kind}{name}" for kind in ("", "peer-") for name in _etcd_tls(pki.as_posix())]
    argv = [
        str(programs.etcd),
        f"--name={NAME}",
        f"--data-dir={places.etcd}",
        f"--listen-client-urls={ETCD}",
        f"--advertise-client-urls={ETCD}",
        f"--listen-peer-urls={ETCD_PEER}",
        f"--initial-advertise-peer-urls={ETCD_PEER}",
        f"--initial-cluster={NAME}={ETCD_PEER}",
        "--auto-compaction-retention=1h",
        *tls_options,
    ]
    return Part("etcd", tuple(argv), ((LOOPBACK, ETCD_PORT), (LOOPBACK, ETCD_PEER_PORT)))


def apiserver(programs: Programs, places: Places, addresses: Addresses) -> Part:
    pki = places.pki
    argv = [
        str(programs.kube.with_name("kube-apiserver")),
        f"--etcd-servers={ETCD}",
        f"--etcd-cafile={pki}/ca.crt",
        f"--etcd-certfile={pki}/apiserver.crt",
        f"--etcd-keyfile={pki}/apiserver.key",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={API_PORT}",
        # Where pods find it. Kubernetes refuses loopback here; see the part api-for-pods.
        f"--advertise-address={addresses.node}",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction,PodSecurity",
        "--allow-privileged=true",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki}/{SERVICE_ACCOUNTS}",
        f"--service-account-signing-key-file={pki}/{SERVICE_ACCOUNTS}",
        f"--service-cluster-ip-range={addresses.services}",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/apiserver.crt",
        f"--kubelet-client-key={pki}/apiserver.key",
        "--kubelet-preferred-address-types=InternalIP",
    ]
    return Part("apiserver", tuple(argv), ((LOOPBACK, API_PORT),))


def controller_manager(programs: Programs, places: Places) -> Part:
    pki = places.pki
    argv = [
        str(programs.kube.with_name("kube-controller-manager")),
        *_client(places, "controller-manager", MANAGER_PORT),
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={pki}/{SERVICE_ACCOUNTS}",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
    ]
    return Part("controller-manager", tuple(argv), ((LOOPBACK, MANAGER_PORT),))


def scheduler(programs: Programs, places: Places) -> Part:
    argv = [str(programs.kube.with_name("kube-scheduler")), *_client(places, "scheduler", SCHEDULER_PORT)]
    return Part("scheduler", tuple(argv), ((LOOPBACK, SCHEDULER_PORT),))


def _client(places: Places, name: str, port: int) -> list[str]:
    """What the two controllers are told alike. There is one of each: nobody to elect."""
    own = f"{places.pki}/{name}"
    return [
        *(f"--{use}kubeconfig={own}.kubeconfig" for use in ("", "authentication-", "authorization-")),
        f"--tls-cert-file={own}.crt",
        f"--tls-private-key-file={own}.key",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        "--leader-elect=false",
    ]


def _etcd_tls(pki: str) -> list[str]:
    return [
        f"cert-file={pki}/etcd.crt",
        f"key-file={pki}/etcd.key",
        f"trusted-ca-file={pki}/ca.crt",
        "client-cert-auth=true",
    ]
