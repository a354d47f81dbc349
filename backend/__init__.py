"""Duly: the task backend for apps whose users sign in with Better Auth."""
