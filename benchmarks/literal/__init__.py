"""The plan taken literally: what a competent developer writes who follows it to the letter."""
