"""How requests reach an OpenAI-compatible endpoint: one async client, its request rate, and the meaning of replies."""
