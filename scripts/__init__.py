"""What `make` starts before anything is installed, or as root: the standard library alone."""
