"""Which architectures the joint decoder knows, by `model_type`. Standard library only."""

CAUSAL = ("cohere", "cohere2", "gemma3_text", "llama", "mistral", "qwen2", "qwen3")
SEQ2SEQ = ("m2m_100",)
