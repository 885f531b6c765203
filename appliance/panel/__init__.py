"""What the room shows of itself: health and metrics."""
