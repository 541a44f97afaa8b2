"""The cluster itself: the connection to it, and what it must have and allow before anything is created."""
