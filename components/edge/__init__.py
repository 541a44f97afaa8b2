"""The edge: the one way in to the application, described without a platform. `haproxy` renders it."""
