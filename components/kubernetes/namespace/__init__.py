"""What a namespace holds beside workloads: claims, ConfigMaps, Secrets, network policies."""
