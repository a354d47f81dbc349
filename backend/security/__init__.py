"""Who is calling: the keys of the issuer, and the strict verification of its tokens."""
