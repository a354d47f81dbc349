"""`duly doctor`: finds what keeps a deployment from working, and says how to mend it."""
