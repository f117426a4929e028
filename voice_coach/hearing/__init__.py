"""From chunks of audio to intents; knows nothing of coaching."""
