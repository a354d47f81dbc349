"""Duly: the task backend for apps whose users sign in with Better Auth."""

import gc

# Containers made before garbage is looked for. The default of 700 is for programs that make fewer:
# what is imported here makes many, keeps all of them, and took a sixth longer to import.
gc.set_threshold(20_000, 20, 50)
