"""Several boxes, one wake word: one answers, and no hub is needed for it."""
