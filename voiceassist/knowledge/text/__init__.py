"""What words mean: sentences, terms, drugs, short forms, sounds. Pure."""
