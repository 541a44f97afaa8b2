"""Finds changes of others to the stack's objects in a cluster, by the field managers that the API server records."""
