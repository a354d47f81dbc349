"""REST, one file per noun: parse, call one service, answer."""
