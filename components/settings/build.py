"""The source, the image and the registry."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr, field_validator

from components.constants import DEFAULT_SOURCE
from components.settings.schema import Section, setting
from components.settings.signature import Signature
from components.settings.values.registry_address import fault


class Source(Section):
    """Where the application's source code comes from."""

    location: str = setting(
        DEFAULT_SOURCE,
        "Folder (absolute, or relative to the project), or git URL (https, ssh or file); a URL needs `commit`.",
        allowed="a folder with a go.mod, or a git URL",
        min_length=1,
    )
    commit: str | None = setting(
        None,
        "Full commit to build; in a folder: instead of the working tree.",
        allowed="40 hexadecimal digits",
        example="b0006f9abf4da2a041c1de4c92a5f9eef43fa82c",
        pattern=r"^[0-9a-f]{40}$",
    )
    package: str = setting(
        ".",
        "Go package of the server's main, relative to the source.",
        allowed="a relative package path, such as . or ./cmd/server",
        pattern=r"^\.(/[A-Za-z0-9._-]+)*$",
    )
    ignore: tuple[str, ...] = setting(
        (),
        "More .dockerignore patterns for this source, after those of container/.dockerignore.",
        allowed="a list of patterns",
    )


class Image(Section):
    """How the image is built, or which one is deployed."""

    digest: str | None = setting(
        None,
        "Digest of an index in the registry's repository: that very image is deployed, and nothing is built.",
        allowed="sha256: and 64 hexadecimal digits",
        example="sha256:4dbc6e9e4fd3c1c6d0e0d8cc1ef43f1cd0ef0ef1e84f2bd1ab0bfbc3bc4b6e9a",
        pattern=r"^sha256:[0-9a-f]{64}$",
    )
    signature: Signature = Signature()
    platforms: tuple[Literal["linux/amd64", "linux/arm64"], ...] = setting(
        ("linux/amd64", "linux/arm64"),
        "Platforms in the image index; cross-compiled, so none needs emulation. A given digest must have them.",
        allowed="a list of linux/amd64 and linux/arm64",
        min_length=1,
    )
    go_image: str = setting(
        "golang:1.26.11-alpine",
        "Builder image, with Go and a shell; a mirror's or your own, for closed networks.",
        allowed="an image reference",
        min_length=1,
    )
    base_image: str = setting(
        "scratch", "Base of the final image.", allowed="scratch or an image reference", min_length=1
    )
    go_proxy: SecretStr | None = setting(
        None,
        "GOPROXY for the build, when it is not Go's default; a secret, because it may hold credentials.",
        allowed="a GOPROXY list",
        example="https://goproxy.example.com",
    )
    ca_bundle: str | None = setting(
        None,
        "PEM file with the certificate authorities to trust in the build and in the image, instead of the builder's; "
        "its certificates only are copied.",
        allowed="a readable PEM file",
        example="/etc/ssl/certs/ca-certificates.crt",
    )
    no_cache: bool = setting(False, "Build every step anew.", allowed="true or false")
    builder: str | None = setting(
        None,
        "buildx builder to use; by default the current one that can build for several platforms.",
        allowed="a name that `docker buildx ls` shows",
        example="default",
    )


class Registry(Section):
    """Where the image is pushed to and pulled from."""

    address: str = setting(
        "127.0.0.1:5000",
        "Registry's host, with the port where it is not 443.",
        allowed="host or host:port, without a scheme or path; a name without a dot needs its port",
    )
    repository: str = setting(
        "mimir",
        "Repository in the registry.",
        allowed="lower-case path components, such as team/mimir",
        pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$",
    )
    username: str | None = setting(
        None,
        "User for push and pull; without one, what `docker login` stored is used.",
        allowed="a user name",
        example="ci",
        min_length=1,
    )
    password: SecretStr | None = setting(
        None, "Password or token of `username`.", allowed="a secret value", example="# asks for the value"
    )
    insecure: bool = setting(
        False,
        "Plain HTTP or an untrusted certificate; loopback registries are plain HTTP without it.",
        allowed="true or false",
    )

    @field_validator("address")
    @classmethod
    def _is_a_host(cls, address: str) -> str:
        """Reject an address that Docker does not parse as a host: the push would go to Docker Hub, or fail."""
        if reason := fault(address):
            raise ValueError(reason)
        return address
