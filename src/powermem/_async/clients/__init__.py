"""Remember conversations held through LLM clients."""
