"""The assistant for a browser's microphone: a socket that hears, asks and speaks."""
