"""The services that a deployment needs on this machine."""
