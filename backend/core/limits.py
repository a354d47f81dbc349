"""How much a client may send, and get at once, in bytes."""

MAX_BODY = 65_536
MAX_URL = 8_192  # path and query
MAX_HEADERS = 16_384  # names and values
MAX_PAGE = 524_288  # of a list; `Link` leads on
