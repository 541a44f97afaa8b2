"""The cluster: the connection to it, and the checks before anything is created."""
