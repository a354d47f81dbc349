"""Who has used up how much: counters by sliding windows, in memory or Redis."""
