"""The volumes of the plan."""

from __future__ import annotations

from typing import Literal

from components.settings.schema import Section, setting

VolumeName = Literal["data", "logs", "plugins", "config"]
DataVolumeName = Literal["data", "logs", "plugins"]


class Claim(Section):
    """What a volume asks of a cluster."""

    size_gib: int = setting(1, "Size in GiB.", allowed="1 to 65536", ge=1, le=65_536)
    storage_class: str | None = setting(
        None,
        "Storage class; by default the cluster's default one.",
        allowed="a name that `kubectl get storageclass` shows",
        example="standard",
        min_length=1,
    )
    access_mode: Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"] = setting(
        "ReadWriteOnce",
        "Who may mount it; with ReadWriteMany, which a storage class must offer, more than one pod may run.",
        allowed="ReadWriteOnce, ReadWriteOncePod or ReadWriteMany",
    )


class Volumes(Section):
    """The plan's volumes; the fourth, `config`, follows from the settings and is read-only."""

    protected: tuple[DataVolumeName, ...] = setting(
        ("data", "logs", "plugins"),
        "Volumes that `pulumi destroy` refuses to delete.",
        allowed="a list of data, logs and plugins",
    )
    data: Claim = Claim()
    logs: Claim = Claim()
    plugins: Claim = Claim()

    @property
    def claims(self) -> dict[VolumeName, Claim]:
        """The claims of the writable volumes, by volume name."""
        return {"data": self.data, "logs": self.logs, "plugins": self.plugins}
