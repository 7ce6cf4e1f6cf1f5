"""Defects of the framework, each held against the bare framework and against this project."""
