"""Helpers that several test modules use. No test is here."""
