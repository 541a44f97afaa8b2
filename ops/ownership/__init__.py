"""Who changed what the stack owns in a cluster, by the field managers that the API server records."""
