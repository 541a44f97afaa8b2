"""The Docker engine: its client, its ports, the images kept on it, and orphans of interrupted updates."""
