"""What takes minutes to show; run by hand, never by `make test`."""
