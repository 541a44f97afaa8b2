"""Faults and measurements of the chaos suite."""
