"""For each rule, changes that violate it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.policy.changes import DROP

POD = "spec/template/spec"
OWN = f"{POD}/containers/0"
SECURITY = f"{OWN}/securityContext"
NEVER = "Zx9kQ2vT7mB4nR6wL8jH1pD3aaQ9"
"""A secret. No message may repeat it."""

TOKEN = "ghp_" + "a1B2c3D4" * 5


@dataclass(frozen=True)
class Case:
    """One change of one resource.

    Attributes:
        rule: the rule that it violates.
        changes: properties, by their paths.
        also: other rules that the same change must violate.
    """

    rule: str
    changes: dict[str, Any]
    also: frozenset[str] = frozenset()

    def __str__(self) -> str:
        path, value = next(iter(self.changes.items()))
        return f"{self.rule}: {path.replace(POD, 'pod')} {'not set' if value is DROP else str(value)[:40]}"


DIGEST = "@sha256:" + "ef" * 32

ON_A_DEPLOYMENT = (
    Case("image-digest", {f"{OWN}/image": "127.0.0.1:5000/app:1.2.3"}),
    Case("image-digest", {f"{OWN}/image": "127.0.0.1:5000/app:1.2.3@sha256:abc"}),
    Case("image-registry", {f"{OWN}/image": f"evil.example.com/app{DIGEST}"}),
    Case("image-registry", {f"{OWN}/image": f"app{DIGEST}"}),
    Case("image-registry", {f"{OWN}/image": f"haproxy-evil/haproxy{DIGEST}"}),
    Case("image-registry", {f"{OWN}/image": f"haproxy-evil{DIGEST}"}),
    Case("image-registry", {f"{OWN}/image": f"127.0.0.1.example.com/app{DIGEST}"}),
    Case("image-latest", {f"{OWN}/image": "127.0.0.1:5000/app:latest"}, frozenset({"image-digest"})),
    Case("image-latest", {f"{OWN}/image": "127.0.0.1:5000/app"}, frozenset({"image-digest"})),
    Case("non-root", {f"{SECURITY}/runAsUser": 0.0}),
    Case("non-root", {f"{SECURITY}/runAsNonRoot": False}),
    Case("non-root", {f"{SECURITY}/runAsNonRoot": DROP, f"{POD}/securityContext/runAsNonRoot": DROP}),
    Case("read-only-root", {f"{SECURITY}/readOnlyRootFilesystem": False}),
    Case("read-only-root", {f"{SECURITY}/readOnlyRootFilesystem": DROP}),
    Case("capabilities", {f"{SECURITY}/capabilities/drop": ["NET_RAW"]}),
    Case("capabilities", {f"{SECURITY}/capabilities": DROP}),
    Case("capabilities", {f"{SECURITY}/capabilities/add": ["NET_BIND_SERVICE", "SYS_ADMIN"]}),
    Case("privileges", {f"{SECURITY}/privileged": True}),
    Case("privileges", {f"{SECURITY}/allowPrivilegeEscalation": DROP}),
    Case("seccomp", {f"{SECURITY}/seccompProfile": {"type": "Unconfined"}}),
    Case("seccomp", {f"{SECURITY}/seccompProfile": DROP, f"{POD}/securityContext/seccompProfile": DROP}),
    *(
        Case("limits", {f"{OWN}/resources/{kind}/{one}": DROP})
        for kind in ("limits", "requests")
        for one in ("cpu", "memory")
    ),
    *(Case("probes", {f"{OWN}/{kind}Probe": DROP}) for kind in ("startup", "readiness", "liveness")),
    *(Case("host", {f"{POD}/{one}": True}) for one in ("hostNetwork", "hostPID", "hostIPC")),
    Case("host", {f"{POD}/volumes/0": {"name": "x", "hostPath": {"path": "/var/run/docker.sock"}}}),
    Case("host", {f"{POD}/volumes/0": {"name": "x", "nfs": {"server": "a", "path": "/"}}}),
    Case("host", {f"{OWN}/ports": [{"containerPort": 80.0, "hostPort": 80.0}]}),
    Case("secrets", {f"{OWN}/env": [{"name": "DB_PASSWORD", "value": "hunter2hunter2"}]}),
    Case("secrets", {f"{OWN}/env": [{"name": "apiKey", "value": "kx"}]}),
    Case("secrets", {f"{OWN}/env": [{"name": "SALT", "value": NEVER}]}),
    Case("secrets", {f"{OWN}/env": [{"name": "DB", "value": "postgres://me:hunter2@db/x"}]}),
    Case("secrets", {f"{OWN}/args": ["--with", TOKEN]}),
    Case("secrets", {"metadata/annotations": {"note": "-----BEGIN EC PRIVATE KEY-----"}}),
    Case("secrets", {"metadata/labels/note": NEVER}),
    Case("secrets", {"spec/template/metadata/annotations": {"note": TOKEN}}),
    Case("labels", {"metadata/labels/app.kubernetes.io~instance": DROP}),
    Case("labels", {"spec/template/metadata/labels/app.kubernetes.io~managed-by": DROP}),
)

ON_A_CONTAINER = (
    Case("image-digest", {"image": "127.0.0.1:5000/app:1.2.3"}),
    Case("image-registry", {"image": f"evil.example.com/app{DIGEST}"}),
    Case("image-latest", {"image": "127.0.0.1:5000/app:latest"}, frozenset({"image-digest"})),
    *(Case("non-root", {"user": user}) for user in (DROP, "0", "0:1000", "root", "www-data", "")),
    Case("read-only-root", {"readOnly": False}),
    Case("capabilities", {"capabilities": DROP}),
    Case("capabilities", {"capabilities/adds": ["CAP_NET_ADMIN"]}),
    Case("privileges", {"privileged": True}),
    Case("privileges", {"securityOpts": []}),
    Case("privileges", {"securityOpts": ["no-new-privileges:false"]}),
    Case("seccomp", {"securityOpts": ["no-new-privileges:true", "seccomp=unconfined"]}),
    Case("seccomp", {"securityOpts": ["no-new-privileges:true", "label:disable"]}),
    Case("limits", {"memory": 0.0}),
    Case("limits", {"cpuQuota": DROP}),
    Case("probes", {"healthcheck": DROP}),
    Case("probes", {"healthcheck": {"tests": ["NONE"]}}),
    Case("host", {"networkMode": "host"}),
    Case("host", {"pidMode": "container:other"}),
    Case("host", {"mounts": [{"type": "bind", "source": "/var/run/docker.sock", "target": "/x"}]}),
    Case("host", {"volumes": [{"hostPath": "/etc", "containerPath": "/x"}]}),
    Case("host", {"publishAllPorts": True}),
    Case("tls", {"ports": [{"internal": 8080.0, "external": 80.0, "ip": "0.0.0.0"}]}),
    Case("tls", {"ports": [{"internal": 8080.0, "external": 8080.0}]}),
    Case("tls", {"ports": [{"internal": 8443.0, "external": 443.0}, {"internal": 8080.0, "external": 8080.0}]}),
    Case("secrets", {"envs": ["DB_PASSWORD=hunter2hunter2"]}),
    Case("secrets", {"command": ["--key", NEVER]}),
    Case("secrets", {"uploads": [{"file": "/x", "content": "level: info\napi_key: hunter2\n"}]}),
    Case("labels", {"labels": []}),
)

ON_OTHERS = {
    "Service": (
        Case("tls", {"spec/type": "LoadBalancer"}),
        Case("tls", {"spec/type": "NodePort"}),
        Case("tls", {"spec": {"type": "LoadBalancer", "ports": [{"port": 443.0, "name": "https"}, {"port": 81.0}]}}),
    ),
    "Ingress": (
        Case("tls", {"spec/tls": DROP}),
        Case("tls", {"spec/rules": [{"host": "a.example.com"}, {"host": "b.example.com"}]}),
    ),
    "Gateway": (Case("tls", {"spec/listeners": [{"port": 80.0, "protocol": "HTTP"}]}),),
    "ConfigMap": (
        Case("secrets", {"data": {"app.yaml": f"level: info\nsession: {NEVER}\n"}}),
        Case("secrets", {"data": {"app.yaml": "level: info\ndb_password: hunter2\n"}}),
        Case("secrets", {"data": {"token": "hunter2"}}),
    ),
    "Namespace": (
        Case("pod-security", {"metadata/labels/pod-security.kubernetes.io~enforce": "baseline"}),
        Case("pod-security", {"metadata/labels/pod-security.kubernetes.io~enforce": DROP}),
    ),
    "NetworkPolicy": (
        Case("network-policy", {"spec/policyTypes": ["Ingress"]}),
        Case("network-policy", {"spec/egress": [{}]}),
        Case("network-policy", {"spec/podSelector": {"matchLabels": {"app": "one"}}}),
        Case("network-policy", {"metadata/namespace": "elsewhere"}),
    ),
    "PodDisruptionBudget": (
        Case("budget", {"spec/maxUnavailable": 0.0}),
        Case("budget", {"spec/maxUnavailable": "0%"}),
        Case("budget", {"spec/maxUnavailable": DROP, "spec/minAvailable": 2.0}),
        Case("budget", {"spec/maxUnavailable": DROP, "spec/minAvailable": "100%"}),
        Case("budget", {"spec/maxUnavailable": DROP, "spec/minAvailable": "51%"}),
    ),
    "RemoteImage": (
        Case("image-registry", {"name": "nginx:1.27"}),
        Case("image-latest", {"name": "127.0.0.1:5000/other"}),
    ),
    "Image": (
        Case("image-platforms", {"platforms": ["linux/amd64"]}),
        Case("image-platforms", {"platforms": DROP}),
        Case("image-latest", {"tags": ["127.0.0.1:5000/other:latest"]}),
        Case("secrets", {"buildArgs": {"NPM_TOKEN": "hunter2"}}),
    ),
    "Volume": (Case("labels", {"labels": DROP}),),
    "Network": (Case("labels", {"labels": []}),),
}
