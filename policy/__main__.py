"""The policy pack, started by the CLI: `pulumi preview --policy-pack policy`."""

from mimir_policy.pack import start

start()
