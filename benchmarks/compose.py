"""The same container, described for docker compose."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from docker.models.containers import Container

NANOSECONDS = 1_000_000_000


def command() -> list[str]:
    """Compose, by itself or as Docker's plugin."""
    return ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]


class Project:
    """A compose project with a copy of one container."""

    def __init__(self, folder: Path, container: Container, port: int) -> None:
        self._file = folder / "compose.yaml"
        folder.mkdir(parents=True)
        self._file.write_text(json.dumps(project(container.attrs, port), indent=2))  # JSON is YAML

    def up(self) -> None:
        """`docker compose up -d`."""
        self._run("up", "-d")

    def remove(self) -> None:
        """Remove its container, network and volumes."""
        self._run("down", "--volumes")

    def _run(self, *arguments: str) -> None:
        argv = [*command(), "--file", str(self._file), "--progress", "quiet", *arguments]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, timeout=120)


def project(attributes: dict[str, Any], port: int) -> dict[str, Any]:
    """The compose file for what `docker inspect` says of a container, published on another port."""
    config, host = attributes["Config"], attributes["HostConfig"]
    (inside,) = host["PortBindings"]
    check = config["Healthcheck"]
    mounts = attributes["Mounts"]
    service = {
        "image": config["Image"],
        "command": config["Cmd"],
        "environment": [line.replace("$", "$$") for line in config["Env"]],
        "working_dir": config["WorkingDir"],
        "user": config["User"],
        "read_only": host["ReadonlyRootfs"],
        "cap_drop": host["CapDrop"],
        "security_opt": host["SecurityOpt"],
        "tmpfs": [f"{path}:{options}" for path, options in host["Tmpfs"].items()],
        "ports": [f"127.0.0.1:{port}:{inside.removesuffix('/tcp')}"],
        "volumes": [f"{mount['Name']}:{mount['Destination']}:{'rw' if mount['RW'] else 'ro'}" for mount in mounts],
        "mem_limit": host["Memory"],
        "memswap_limit": host["MemorySwap"],
        "cpu_period": host["CpuPeriod"],
        "cpu_quota": host["CpuQuota"],
        "pids_limit": host["PidsLimit"],
        "restart": host["RestartPolicy"]["Name"],
        "stop_signal": config["StopSignal"],
        "stop_grace_period": f"{config['StopTimeout']}s",
        "logging": {"driver": host["LogConfig"]["Type"], "options": host["LogConfig"]["Config"]},
        "healthcheck": {
            "test": check["Test"],
            "interval": f"{check['Interval'] // NANOSECONDS}s",
            "timeout": f"{check['Timeout'] // NANOSECONDS}s",
            "start_period": f"{check['StartPeriod'] // NANOSECONDS}s",
            "retries": check["Retries"],
        },
    }
    # The configuration's volume is the deployment's: its file is already there. Data volumes are the project's own.
    volumes = {mount["Name"]: {"external": True} if not mount["RW"] else {} for mount in mounts}
    return {"name": f"{attributes['Name'].strip('/')}-compose", "services": {"mimir": service}, "volumes": volumes}
