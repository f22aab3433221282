"""How an executor starts, finds and supervises its vLLM server."""
