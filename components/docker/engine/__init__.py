"""The Docker engine itself: the connection to it, its ports, its images, and what killed updates left on it."""
