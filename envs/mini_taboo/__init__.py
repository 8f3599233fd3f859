"""A taboo that is small enough to be solved: one clue, one reply."""
