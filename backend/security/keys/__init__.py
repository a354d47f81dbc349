"""The keys of issuers: reading them, fetching them, keeping them fresh."""
