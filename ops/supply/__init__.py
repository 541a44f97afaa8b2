"""From source to a signed digest: scans, SBOM, provenance, signature, transport (docs/supply-chain.md)."""
