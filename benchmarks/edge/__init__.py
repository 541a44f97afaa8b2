"""The edge, measured: what it costs, and what it saves."""
