"""The signature that an image deployed by its digest must have."""

from __future__ import annotations

from components.settings.schema import Section, setting


class Signature(Section):
    """Who signs the images that are deployed by their digest; production deploys no other ones."""

    key: str | None = setting(
        None,
        "File with the signer's public key, as `cosign generate-key-pair` writes it; no transparency log is asked.",
        allowed="a readable PEM file with a public key",
        example="signing.pub",
        min_length=1,
    )
    identity: str | None = setting(
        None,
        "Instead of a key: the workflow that signs, exactly as its certificate names it. On a branch: a tag can be "
        "put on any commit.",
        allowed="https://<host>/<repository>/<path of the workflow>@refs/heads/<branch>",
        example="https://github.com/OWNER/REPOSITORY/.github/workflows/deploy.yml@refs/heads/main",
        pattern=r"^https://[^\s@]+@refs/heads/[^\s@]+$",
    )
    issuer: str = setting(
        "https://token.actions.githubusercontent.com",
        "Who vouches for `identity`: the issuer of the workflow's OIDC token.",
        allowed="an https:// URL",
        pattern=r"^https://\S+$",
    )
    allow_unsigned: bool = setting(
        False,
        "Deploy a digest in production without verifying its signature. Also needs an entry in "
        "policy/unsigned_images.yaml.",
        allowed="true or false",
    )
