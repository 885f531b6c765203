"""What the hub orders this room to do: checked, done once, answered."""
