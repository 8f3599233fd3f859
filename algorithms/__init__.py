"""Algorithms: examples from episodes, losses on batches, and the one loop that trains."""
