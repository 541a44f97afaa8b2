"""The steps of the pipeline, as data: what runs here, and in the jobs of `.github/workflows/deploy.yml`."""

from __future__ import annotations

from dataclasses import dataclass

OPS = ("python", "-m", "ops")


@dataclass(frozen=True)
class Step:
    """One step; a later one runs only when it has succeeded.

    Attributes:
        name: short, and the name of its folder of evidence.
        purpose: what it is for, as a sentence's end.
        command: what runs, in the checkout; words in braces are filled in by `ops.pipeline.run`. Nothing where a
            person decides.
        evidence: what it leaves, besides its output.
        job: where it runs on GitHub.
    """

    name: str
    purpose: str
    command: tuple[str, ...]
    evidence: str
    job: str


STEPS = (
    Step(
        "checkout",
        "the commit, and nothing that is not committed",
        ("git", "clone", "--quiet", "{origin}", "{checkout}"),
        "the commit in the summary",
        "source",
    ),
    Step(
        "scan-source",
        "code, secrets, packages and workflows are looked through; what cannot be looked up fails",
        (*OPS, "scan-source", "--evidence", "{evidence}"),
        "`scan-source.json`",
        "source",
    ),
    Step(
        "test",
        "formatting, lints, types, every rule and the program under mocks",
        ("make", "lint", "unit"),
        "",
        "source",
    ),
    Step(
        "build",
        "one index for all platforms, in a folder; nothing is pushed",
        (*OPS, "build", "--stack", "{staging}", "--layout", "{layout}", "--evidence", "{attestations}"),
        "the OCI layout, `provenance.json`",
        "image",
    ),
    Step(
        "scan-image",
        "known vulnerabilities in what was built, by digest",
        (*OPS, "scan-image", "--layout", "{layout}", "--evidence", "{evidence}"),
        "`scan-image.json`",
        "image",
    ),
    Step(
        "sbom",
        "what is in it, for each platform (CycloneDX)",
        (*OPS, "sbom", "--layout", "{layout}", "--evidence", "{attestations}"),
        "`sbom-<platform>.cdx.json`",
        "image",
    ),
    Step(
        "push",
        "that digest, and no tag that somebody could move",
        (*OPS, "push", "--layout", "{layout}", "--ref", "{repository}"),
        "the digest in the summary",
        "image",
    ),
    Step(
        "attest",
        "SBOM and provenance are attached to the digest, and all is signed",
        (*OPS, "attest", "--ref", "{ref}", "--evidence", "{attestations}"),
        "in the registry: SBOMs, provenance, signature",
        "image",
    ),
    Step(
        "staging",
        "that digest, deployed",
        (*OPS, "up", "--stack", "{staging}", "--digest", "{digest}"),
        "",
        "staging",
    ),
    Step(
        "check-staging",
        "integration tests from outside",
        (*OPS, "check", "--stack", "{staging}", "--digest", "{digest}", "--evidence", "{evidence}"),
        "`check-<stack>.json`",
        "staging",
    ),
    Step("approve", "a person says yes", (), "who, in the summary", "production"),
    Step(
        "verify-image",
        "the signatures are ours, and over this digest",
        (*OPS, "verify-image", "--ref", "{ref}", "--evidence", "{evidence}"),
        "`verify-image.json`",
        "production",
    ),
    Step(
        "production",
        "the same digest, deployed",
        (*OPS, "up", "--stack", "{production}", "--digest", "{digest}"),
        "",
        "production",
    ),
    Step(
        "check-production",
        "the same tests as staging's",
        (*OPS, "check", "--stack", "{production}", "--digest", "{digest}", "--evidence", "{evidence}"),
        "`check-<stack>.json`",
        "production",
    ),
)
