"""What a compromised pod might try to reach."""

from __future__ import annotations

from tests.audit import stacks
from tests.audit.reach import Destination, Port

DNS = Destination("DNS", "10.244.0.2", "kube-system", {"k8s-app": "kube-dns"})
OTHERS = (
    Destination("another pod of the edge's namespace", "10.244.0.21", stacks.EDGE_NAMESPACE, {"app": "other"}),
    Destination("a pod that is called edge elsewhere", "10.244.0.22", "default", stacks.EDGE),
    Destination("another pod of kube-system", "10.244.0.3", "kube-system", {"k8s-app": "metrics-server"}),
    Destination("a pod that is called DNS elsewhere", "10.244.0.4", "default", DNS.labels),
    Destination("the API server", "10.96.0.1"),
    Destination("the node", "192.168.1.10"),
    Destination("the cloud's metadata", "169.254.169.254"),
    Destination("the internet", "198.51.100.7"),
    Destination("the internet over IPv6", "2001:db8::7"),
)


PORTS = (
    Port(53),
    Port(53, "UDP"),
    Port(80),
    Port(443),
    Port(5432),
    Port(6443),
    Port(8080),
    Port(8080, "UDP"),
    Port(8443),
    Port(9090),
)
