"""HAProxy's configuration, from the description of an edge; the same text on every platform."""
