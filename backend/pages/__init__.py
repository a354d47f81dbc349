"""What a browser is shown: the description of the API, and in development a welcome."""
