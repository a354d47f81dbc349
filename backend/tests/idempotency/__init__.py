"""What is done under an `Idempotency-Key` is done once."""
