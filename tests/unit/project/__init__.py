"""The project itself: workflows, documentation, dependencies."""
