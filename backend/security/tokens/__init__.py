"""From a bearer token to the caller, or a refusal."""
