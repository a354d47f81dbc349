"""Runs the program: database, migrations, workers, and how they stop."""
