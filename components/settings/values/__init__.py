"""Rules of a single value, which a section of the settings uses."""
