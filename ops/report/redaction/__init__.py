"""Masks secrets in reports."""
