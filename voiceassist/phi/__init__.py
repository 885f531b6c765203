"""Speech normaliser, recognisers and the gate: the only maker of a `Cleared`."""
