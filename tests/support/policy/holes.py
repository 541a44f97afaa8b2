"""Ways around the rules that an attack on the pack has found, each of which is one instance of a class."""

from __future__ import annotations

import base64
from typing import Any

from mimir_policy.resource import Resource
from tests.support.policy.cases import NEVER, OWN, POD, SECURITY, TOKEN, Case
from tests.support.policy.changes import DROP
from tests.support.policy.foreign import in_cluster

HUNTER = "hunter2" * 2
ENCODED = base64.b64encode(f"db_password: {HUNTER}\n".encode()).decode()
QUIET = "no-new-privileges:true"
FIELD = "known-field"
VOLUME = {"type": "volume", "source": "data", "target": "/x"}
PROBE = f"{OWN}/livenessProbe"

ON_A_CONTAINER = (
    Case(FIELD, {"mounts": [{**VOLUME, "volumeOptions": {"driverOptions": {"type": "none", "device": "/"}}}]}),
    Case(FIELD, {"mounts": [{**VOLUME, "volumeOptions": {"driverName": "rexray"}}]}),
    Case(FIELD, {"mounts": [{**VOLUME, "bindOptions": {"propagation": "rshared"}}]}),
    Case("host", {"mounts": [{**VOLUME, "source": "/etc"}]}),
    Case("host", {"mounts": [{**VOLUME, "source": "../etc"}]}),
    Case("host", {"mounts": [{"type": "npipe", "source": "docker", "target": "/x"}]}),
    Case("host", {"mounts": [{"source": "data", "target": "/x"}]}),
    Case("host", {"volumes": [{"volumeName": "/etc", "containerPath": "/x"}]}),
    Case("host", {"volumes": [{"fromContainer": "other", "containerPath": "/x"}]}),
    Case("host", {"volumes": [{"volumeName": "data", "containerPath": "/x", "selinuxRelabel": "z"}]}),
    Case("seccomp", {"securityOpts": [QUIET, 'seccomp={"defaultAction": "SCMP_ACT_ALLOW"}']}),
    Case("seccomp", {"securityOpts": [QUIET, "seccomp=/profile.json"]}),
    Case("seccomp", {"securityOpts": [QUIET, "apparmor=unconfined"]}),
    Case("seccomp", {"securityOpts": [QUIET, "apparmor=own"]}),
    Case("seccomp", {"securityOpts": [QUIET, "systempaths=unconfined"]}),
    Case("seccomp", {"securityOpts": [QUIET, "label=type:spc_t"]}),
    Case("privileges", {"securityOpts": [QUIET, "no-new-privileges:false"]}),
    Case("privileges", {"securityOpts": ["no-new-privileges:false", QUIET]}),
    Case("privileges", {"privileged": "true"}),
    Case(FIELD, {"groupAdds": ["docker"]}),
    Case(FIELD, {"devices": [{"hostPath": "/dev/kvm"}]}),
    Case(FIELD, {"deviceRequests": [{"count": -1.0}]}),
    Case(FIELD, {"deviceCgroupRules": ["a *:* rwm"]}),
    Case(FIELD, {"gpus": "all"}),
    Case(FIELD, {"cgroupParent": "/"}),
    Case(FIELD, {"sysctls": {"kernel.shm_rmid_forced": "1"}}),
    Case(FIELD, {"storageOpts": {"size": "1T"}}),
    Case(FIELD, {"ulimits": [{"name": "nofile", "hard": 1e9, "soft": 1e9}]}),
    Case(FIELD, {"runtime": "sysbox-runc"}),
    Case(FIELD, {"uploads": [{"file": "/x", "source": "/etc/shadow"}]}),
    Case(FIELD, {"uploads": [{"file": "/x", "contentBase64": ENCODED}]}, frozenset({"secrets"})),
    Case(FIELD, {"logDriver": "syslog"}),
    Case(FIELD, {"logOpts": {"syslog-address": "tcp://collector.example.com"}}),
    Case(FIELD, {"aFieldOfTomorrow": True}),
    Case(FIELD, {"healthcheck": {"tests": ["CMD", "/probe"], "aFieldOfTomorrow": "x"}}),
    *(Case("limits", {"cpuQuota": quota}) for quota in (-1.0, 0.0, "0", 1e15)),
    *(Case("limits", {"cpuQuota": DROP, "cpus": cpus}) for cpus in ("0", "0.0", "-1", "many")),
    Case("limits", {"memory": -1.0}),
    Case("limits", {"memorySwap": -1.0}),
    Case("host", {"networkMode": DROP, "networksAdvanced": [{"name": "host"}]}),
    Case("host", {"networkMode": "container:other"}),
    Case("host", {"networkMode": "b1946ac92492"}),
    Case("host", {"networkMode": DROP, "networksAdvanced": [{"name": "b1946ac92492"}]}),
    Case("host", {"ipcMode": "container:other"}),
    Case("host", {"ipcMode": "host"}),
    Case("host", {"usernsMode": "host"}),
    Case("host", {"cgroupnsMode": "host"}),
    Case("image-registry", {"image": "sha256:" + "ef" * 32}),
    Case("secrets", {"healthcheck": {"tests": ["CMD", "curl", "-H", f"Authorization: Bearer {HUNTER}"]}}),
    Case("secrets", {"healthcheck": {"tests": ["CMD-SHELL", f"wget --password={HUNTER} localhost"]}}),
    Case("secrets", {"healthcheck": {"tests": ["CMD", "/probe", "--token", HUNTER]}}),
    Case("secrets", {"logOpts": {"max-file": NEVER}}),
    Case("secrets", {"logOpts": {"splunk-token": HUNTER}}, frozenset({FIELD})),
    Case("secrets", {"command": ["--db-password", HUNTER]}),
    Case("secrets", {"envs": [f"SETTINGS={ENCODED}"]}),
    Case("secrets", {"tmpfs": {"/x": NEVER}}),
    Case("secrets", {"stopSignal": TOKEN}),
    Case(
        "secrets",
        {"networkMode": DROP, "networksAdvanced": [{"name": "net", "driverOpts": [TOKEN]}]},
        frozenset({FIELD}),
    ),
)
"""Changes of a container on an engine."""

ON_A_DEPLOYMENT = (
    Case(FIELD, {f"{SECURITY}/windowsOptions": {"hostProcess": True}}),
    Case(FIELD, {f"{POD}/securityContext/windowsOptions": {"hostProcess": True}}),
    Case(FIELD, {f"{SECURITY}/appArmorProfile": {"type": "Unconfined"}}),
    Case(FIELD, {f"{POD}/securityContext/appArmorProfile": {"type": "Unconfined"}}),
    Case(
        FIELD,
        {"spec/template/metadata/annotations": {"container.apparmor.security.beta.kubernetes.io/other": "unconfined"}},
    ),
    Case(FIELD, {f"{SECURITY}/procMount": "Unmasked"}),
    Case(FIELD, {f"{SECURITY}/seLinuxOptions": {"type": "spc_t"}}),
    Case(FIELD, {f"{POD}/securityContext/supplementalGroups": [0.0]}),
    Case(FIELD, {f"{POD}/securityContext/sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
    Case(FIELD, {f"{POD}/hostUsers": True}),
    Case(FIELD, {f"{POD}/nodeName": "control-plane"}),
    Case(FIELD, {f"{POD}/automountServiceAccountToken": True}),
    Case(FIELD, {f"{POD}/shareProcessNamespace": True}),
    Case(FIELD, {f"{POD}/ephemeralContainers": [{"name": "x", "image": "x"}]}),
    Case(FIELD, {f"{POD}/resourceClaims": [{"name": "gpu"}]}),
    Case(FIELD, {f"{POD}/aFieldOfTomorrow": True}),
    Case(FIELD, {f"{OWN}/aFieldOfTomorrow": ["x"]}),
    Case(FIELD, {f"{OWN}/workingDir": {"aFieldOfTomorrow": "/"}}),
    Case(FIELD, {f"{OWN}/resources/limits/nvidia.com~gpu": "1"}),
    Case(FIELD, {f"{OWN}/volumeMounts": [{"name": "tmp", "mountPath": "/x", "mountPropagation": "Bidirectional"}]}),
    Case(FIELD, {f"{PROBE}/httpGet/host": "169.254.169.254"}),
    Case(FIELD, {"metadata/finalizers": ["example.com/never"]}),
    Case("host", {f"{POD}/hostPID": "true"}),
    *(
        Case("host", {f"{POD}/volumes/0": {"name": "x", kind: {"x": "y"}}})
        for kind in ("csi", "ephemeral", "flexVolume", "image", "aVolumeOfTomorrow")
    ),
    Case("host", {f"{OWN}/volumeDevices": [{"name": "x", "devicePath": "/dev/sda"}]}),
    *(Case("limits", {f"{OWN}/resources/limits/memory": zero}) for zero in ("0Mi", "0.0", "-1", 0.0)),
    *(Case("limits", {f"{OWN}/resources/limits/cpu": zero}) for zero in ("0m", "1e9", "many")),
    Case("non-root", {f"{SECURITY}/runAsUser": "00"}),
    Case("non-root", {f"{SECURITY}/runAsUser": -0.0}),
    Case("secrets", {f"{PROBE}/httpGet/httpHeaders": [{"name": "Authorization", "value": f"Bearer {HUNTER}"}]}),
    Case("secrets", {f"{PROBE}/exec": {"command": ["probe", "--token", HUNTER]}}),
    Case(
        "secrets", {f"{OWN}/lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", f"logout --password={HUNTER}"]}}}}
    ),
    Case("secrets", {f"{OWN}/lifecycle": {"postStart": {"httpGet": {"httpHeaders": [{"name": "X", "value": TOKEN}]}}}}),
    Case("secrets", {f"{OWN}/env": [{"name": "SETTINGS", "value": ENCODED}]}),
    Case("secrets", {f"{POD}/aFieldOfTomorrow": {"token": HUNTER}}, frozenset({FIELD})),
    Case("secrets", {f"{POD}/nodeSelector": {"note": NEVER}}),
)
"""Changes of a pod in a cluster."""

ON_OTHERS = {
    "Service": (
        Case(FIELD, {"spec/externalIPs": ["192.0.2.1"]}),
        Case(FIELD, {"spec/type": "ExternalName"}),
        Case(FIELD, {"spec/externalName": "internal.example.com"}),
        Case(FIELD, {"spec/aFieldOfTomorrow": True}),
    ),
    "Ingress": (
        Case("tls", {"spec/tls": [{}]}),
        Case("tls", {"spec/tls": [{"hosts": []}]}),
        Case("tls", {"spec/tls": [{"hosts": [""]}]}),
        Case(FIELD, {"metadata/annotations": {"nginx.ingress.kubernetes.io/configuration-snippet": "x"}}),
        Case(FIELD, {"spec/defaultBackend": {"resource": {"kind": "x"}}}),
    ),
    "ConfigMap": (
        Case("secrets", {"binaryData": {"app.yaml": ENCODED}}),
        Case("secrets", {"binaryData": {"app.yaml": base64.b64encode(ENCODED.encode()).decode()}}),
        Case(
            "secrets",
            {"data": {"app.yaml": f"settings: {NEVER}\n-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"}},
        ),
    ),
    "PersistentVolumeClaim": (
        Case(FIELD, {"spec/volumeName": "a-host-path"}),
        Case(FIELD, {"spec/volumeMode": "Block"}),
        Case(FIELD, {"spec/dataSource": {"kind": "PersistentVolumeClaim", "name": "others"}}),
    ),
    "Gateway": (Case(FIELD, {"spec/addresses": [{"value": "192.0.2.1"}]}),),
    "Volume": (
        Case(FIELD, {"driverOpts": {"type": "none", "o": "bind", "device": "/"}}),
        Case(FIELD, {"driver": "rexray/ebs"}),
        Case(FIELD, {"cluster": {"scope": "single"}}),
        Case(FIELD, {"driverOpts": {"password": HUNTER}}, frozenset({"secrets"})),
    ),
    "Network": (
        Case(FIELD, {"driver": "macvlan"}),
        Case(FIELD, {"options": {"parent": "eth0"}}),
    ),
    "Image": (
        Case(FIELD, {"network": "host"}),
        Case(FIELD, {"addHosts": ["a:192.0.2.1"]}),
        Case(FIELD, {"ssh": [{"id": "default"}]}),
        Case(FIELD, {"context": {"location": ".", "named": {"x": {"location": "/"}}}}),
    ),
}
"""Changes of other resources, by their kind."""


def _binding(kind: str) -> Resource:
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    return in_cluster(kind, "admin", "rbac.authorization.k8s.io/v1", roleRef=role)


def _volume(source: dict[str, Any]) -> Resource:
    return in_cluster("PersistentVolume", "disk", protect=True, spec=source)


UNKNOWN_KINDS = (
    _volume({"hostPath": {"path": "/"}}),
    _volume({"local": {"path": "/"}}),
    _binding("ClusterRoleBinding"),
    _binding("RoleBinding"),
    in_cluster("PodList", "pods", items=[]),
    in_cluster("ServiceList", "services", items=[]),
    in_cluster("ServicePatch", "patch", spec={"externalIPs": ["192.0.2.1"]}),
    in_cluster("DeploymentPatch", "patch", "apps/v1"),
    in_cluster("NamespacePatch", "patch"),
    in_cluster("Endpoints", "there"),
    in_cluster("Deployment", "imitation", "example.com/v1"),
    in_cluster("ValidatingWebhookConfiguration", "hook", "admissionregistration.k8s.io/v1"),
    Resource("kubernetes:helm.sh/v3:Release", "chart"),
    Resource("kubernetes:yaml/v2:ConfigFile", "file"),
    Resource("docker:index/service:Service", "swarm"),
    Resource("docker:index/plugin:Plugin", "plugin", {"name": "vieux/sshfs", "grantAllPermissions": True}),
    Resource("docker:index/secret:Secret", "secret"),
    Resource("command:local:Command", "command", {"create": "id"}),
    Resource("command:remote:Command", "command", {"create": "id"}),
    Resource("pulumi-python:dynamic:Resource", "anything", {"__provider": "x"}),
    Resource("pulumi:providers:command", "default"),
    Resource("random:index/randomPassword:RandomPassword", "password"),
)
