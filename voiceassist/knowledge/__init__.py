"""The library: documents, passages, editions, hybrid search and evidence-first answers."""
