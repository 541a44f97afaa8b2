"""The platform-neutral description of the application: model, contract, configuration file, probes."""
