"""The second judge."""
