"""From intents to words and journal entries; never sees audio."""
