"""How much a client may send, in bytes."""

MAX_BODY = 65_536
MAX_URL = 8_192  # path and query
MAX_HEADERS = 16_384  # names and values
