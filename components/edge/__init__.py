"""The edge: the platform-neutral description of the reverse proxy. `haproxy` renders it."""
