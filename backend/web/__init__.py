"""HTTP mechanics that know none of Duly's nouns."""
