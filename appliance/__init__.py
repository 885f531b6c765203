"""One room: the turn, and what runs beside it."""
