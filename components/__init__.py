"""The parts of the deployment, from settings to running service."""
