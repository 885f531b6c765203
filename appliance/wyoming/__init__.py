"""The room's stages for others: wake word, voice activity, recogniser and voice, over Wyoming."""
