"""Benchmarks: evaluation against fixed players, experiments, and the numbers they publish."""
