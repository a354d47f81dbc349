"""The tests. What pytest makes of their asserts is kept for the next run."""

import sys

# Whatever the environment says: to make it anew in each process took a tenth of the whole run.
sys.dont_write_bytecode = False
