"""A Kubernetes API server on loopback, with what a test puts there."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from components.application import application
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.cluster.dns import COREDNS, DnsDelay
from components.kubernetes.cluster.kubeconfig import Access
from components.settings import Settings
from toolchain.services.cluster.dns import corefile

SETTINGS = Settings.model_validate({"platform": "kubernetes", "kubernetes": {"context": "test"}})
MIMIR = application.describe(SETTINGS, "dev")
LABELS = {"app.kubernetes.io/name": "mimir", "app.kubernetes.io/instance": "mimir-dev"}
TOKEN = "t0ken-of-a-test"

VERSION: dict[str, Any] = {
    "major": "1",
    "minor": "34",
    "gitVersion": "v1.34.1",
    **dict.fromkeys(("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"), "x"),
}
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
KUBE_SYSTEM = "/api/v1/namespaces/kube-system"

COREFILE = corefile("")
"""Of the name servers of the cluster that `make cluster` starts: they keep an answer for 5 s."""

Query = Mapping[str, Sequence[str]]


def config_map(text: str) -> dict[str, Any]:
    """A ConfigMap with a Corefile."""
    return {"kind": "ConfigMap", "data": {"Corefile": text}}


def storage_class(name: str, default: bool | None = None) -> dict[str, Any]:
    """A storage class; `default` as its annotation says it."""
    marked = {} if default is None else {"storageclass.kubernetes.io/is-default-class": str(default).lower()}
    return {"metadata": {"name": name, "annotations": marked or None}, "provisioner": "example.com/disk"}


class Api(ThreadingHTTPServer):
    """The server.

    Attributes:
        there: for each path an object, a text, a status, a status and a text, or a function of the query that returns
            one of these.
        asked: every request, as method and path with the query.
        authorization: the last request's credentials.
        deleted: path and body of each request that deletes.
        patched: path with the query, and body, of each request that patches.
        refuses_patches: whether nobody may patch.
        lingers: how often an object that was deleted is still found.
        forbidden: verb and resource of what the user may not do.
        rules: what the user may do in a namespace, as a review of the rules has it.
        reviews: status with which questions about permissions are answered instead.
        reviewed: what was asked about, as verb and resource.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.there: dict[str, Any] = {
            "/version": VERSION,
            KUBE_SYSTEM: {"metadata": {"name": "kube-system", "uid": "uid-of-kube-system"}},
            CLASSES: {"items": [storage_class("standard", default=True), storage_class("slow")]},
            COREDNS: config_map(COREFILE),
        }
        self.asked: list[str] = []
        self.authorization: str | None = None
        self.deleted: list[tuple[str, Any]] = []
        self.patched: list[tuple[str, Any]] = []
        self.refuses_patches = False
        self.lingers = 0
        self.forbidden: set[tuple[str, str]] = set()
        self.rules: list[dict[str, Any]] = []
        self.reviews: int | None = None
        self.reviewed: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def kubeconfig(self) -> dict[str, Any]:
        """A kubeconfig with this server as context `test`."""
        return kubeconfig(self.url)

    @property
    def cluster(self) -> Cluster:
        """The cluster as the program has found it."""
        return Cluster(Access(self.kubeconfig, self.url), "mimir-dev", "a-cluster", DnsDelay(0))

    def answer(self, method: str, path: str, query: Query, body: Any) -> Any:
        """What is there, and what becomes of it."""
        if method == "POST":
            return self._review(path, body)
        found = self.there.get(path.rstrip("/"), 404)
        if method == "DELETE" and isinstance(found, dict):
            self.deleted.append((path, body))
            self.there[path] = _going(found, self.lingers)
        if method == "PATCH" and self.refuses_patches:
            return 403
        if method == "PATCH" and isinstance(found, dict):
            found = patched(found, body)
            if "dryRun" not in query:
                self.there[path] = found
        return found(query) if callable(found) else found

    def _review(self, path: str, body: Any) -> Any:
        if self.reviews:
            return self.reviews
        if path.endswith("/selfsubjectreviews"):
            return {"status": {"userInfo": {"username": "me@example.com"}}}
        if path.endswith("/selfsubjectrulesreviews"):
            return {"status": {"resourceRules": self.rules, "incomplete": False}}
        attributes = body["spec"]["resourceAttributes"]
        asked = (attributes["verb"], attributes["resource"])
        self.reviewed.append(asked)
        return {"status": {"allowed": asked not in self.forbidden}}


def patched(tree: dict[str, Any], operations: Sequence[Mapping[str, Any]]) -> Any:
    """What a JSON patch of `test` and `remove` makes of an object, or the status with which it is refused."""
    tree = copy.deepcopy(tree)
    for operation in operations:
        *steps, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        parent: Any = tree
        for step in steps:
            parent = parent[int(step)] if isinstance(parent, list) else parent[step]
        key: Any = int(last) if isinstance(parent, list) else last
        if operation["op"] == "test" and parent[key] != operation["value"]:
            return 422
        if operation["op"] == "remove":
            del parent[key]
    return tree


def kubeconfig(server: str) -> dict[str, Any]:
    """A kubeconfig with one cluster, as context `test`."""
    return {
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "there", "user": "me"}}],
        "clusters": [{"name": "there", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": {"token": TOKEN}}],
    }


def _going(found: dict[str, Any], times: int) -> Callable[[Query], Any]:
    left = [*[found] * times, 404]
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def do_DELETE(self) -> None:
        self._respond()

    def do_PATCH(self) -> None:
        self._respond()

    def _respond(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.authorization = self.headers["Authorization"]
        sent = self.rfile.read(int(self.headers["Content-Length"] or 0))
        found = self.server.answer(self.command, path, query, json.loads(sent or "null"))
        if self.command == "PATCH":
            self.server.patched.append((self.path, json.loads(sent)))
        status, found = found if isinstance(found, tuple) else (found if isinstance(found, int) else 200, found)
        if isinstance(found, int):
            found = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status}
        text = found if isinstance(found, str) else json.dumps(found)
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(found, str) else "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""
