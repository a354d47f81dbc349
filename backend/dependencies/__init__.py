"""What routes ask for: a caller, the database as that caller, conditions, strict input."""
