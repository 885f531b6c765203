"""The room's sound card: a microphone that never stops by itself, and a speaker that can."""
