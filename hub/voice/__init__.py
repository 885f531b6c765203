"""A browser's microphone: heard, judged, answered and spoken by the hub."""
