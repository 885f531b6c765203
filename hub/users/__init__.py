"""People: their profiles, their settings, and who may do what."""
