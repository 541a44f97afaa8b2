"""A small client of the cluster's API, with the administrator's certificate."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from toolchain.problem import Problem
from toolchain.services.cluster.places import API_PORT, LOOPBACK, NAME

SECONDS = 10.0
MANAGER = "mimir-toolchain"


@dataclass(frozen=True)
class Api:
    """The API of the cluster whose keys are in `pki`."""

    pki: Path

    def is_ready(self) -> bool:
        try:
            return self._ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def node_is_ready(self, since: float = 0.0) -> bool:
        """Whether the node has said that it is ready, at or after the time `since`."""
        conditions = self.get(f"/api/v1/nodes/{NAME}").get("status", {}).get("conditions", [])
        return any(
            condition["type"] == "Ready"
            and condition["status"] == "True"
            and _time(condition["lastHeartbeatTime"]) >= int(since)
            for condition in conditions
        )

    def has(self, path: str) -> bool:
        return bool(self.get(path))

    def version(self) -> str:
        return str(self.get("/version").get("gitVersion", "")).removeprefix("v")

    def get(self, path: str) -> dict[str, Any]:
        """An object; empty when there is none, or nothing answers."""
        try:
            status, body = self._ask("GET", path)
            document: dict[str, Any] = json.loads(body) if status == 200 else {}
        except (OSError, ValueError):
            return {}
        return document

    def apply(self, path: str, wanted: Mapping[str, Any]) -> None:
        """Create or update an object with server-side apply.

        Args:
            path: of the object's collection, such as `/api/v1/namespaces/kube-system/services`.
            wanted: the object, with `metadata.name`.

        Raises:
            Problem: the API does not answer, or rejects the object.
        """
        name = wanted["metadata"]["name"]
        request_path = f"{path}/{name}?fieldManager={MANAGER}&force=true"
        try:
            status, body = self._ask("PATCH", request_path, json.dumps(wanted), "application/apply-patch+yaml")
        except OSError as error:
            raise Problem(f"the cluster's API does not answer: {error}", "make cluster") from error
        if status not in (200, 201):
            raise Problem(f"the cluster refuses {wanted['kind']} {name}: {status} {body}", "make cluster")

    def _ask(self, method: str, path: str, body: str | None = None, kind: str = "") -> tuple[int, str]:
        trust = ssl.create_default_context(cafile=str(self.pki / "ca.crt"))
        trust.load_cert_chain(self.pki / "admin.crt", self.pki / "admin.key")
        connection = http.client.HTTPSConnection(LOOPBACK, API_PORT, timeout=SECONDS, context=trust)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except http.client.HTTPException as error:
            raise OSError(f"{LOOPBACK}:{API_PORT} does not speak HTTP: {error}") from error
        finally:
            connection.close()


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
