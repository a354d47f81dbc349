"""Pure ASGI layers round every request."""
