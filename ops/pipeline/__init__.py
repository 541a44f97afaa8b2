"""The pipeline from a commit to production, on one machine: `ops.pipeline.command`; the steps: `ops.pipeline.steps`."""
