"""The contents of a namespace besides workloads: claims, ConfigMaps, Secrets, network policies."""
