"""The numbers of a deployment on Kubernetes: against helm and kubectl, by phase, as it grows, and under load."""
