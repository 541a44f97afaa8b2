"""The application on a Kubernetes cluster, with `pulumi-kubernetes`."""
