"""Pure rules: the standard library and pydantic only, no input or output."""
