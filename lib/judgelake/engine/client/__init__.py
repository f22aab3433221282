"""How requests reach an OpenAI-compatible endpoint: one async client, its pace, and what replies mean."""
