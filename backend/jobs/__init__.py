"""What an operator has done without a request: tidying, made-up data, exports and imports."""
