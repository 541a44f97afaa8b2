"""What every tool must object to: a tool that is content with this checks nothing."""

from __future__ import annotations

from pathlib import Path

from tests.audit import subjects
from tests.audit.manifests import Manifest
from tests.audit.subjects import Subjects

POD = Manifest(
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bad", "namespace": "default"},
        "spec": {
            "hostNetwork": True,
            "containers": [
                {
                    "name": "bad",
                    "image": "bad",
                    "misspelt": True,
                    "securityContext": {"privileged": True, "runAsUser": 0},
                }
            ],
        },
    }
)

DOCKERFILE = """\
FROM golang
ADD main.go /
RUN cd / && apt-get install curl && sudo go build -o $HOME/main main.go
EXPOSE 22
USER root
"""


def write(folder: Path) -> Subjects:
    """The bad pod and the bad Dockerfile, in `folder`."""
    bad = subjects.empty(folder)
    subjects.add(POD, bad)
    (bad.dockerfiles / "Dockerfile").write_text(DOCKERFILE)
    return bad
