"""Language models, embedders and rerankers, each spoken to over one HTTP client."""
