"""What this process is about to do."""

import threading
from typing import Final

stopping: Final = threading.Event()
"""Set once the process was told to stop; it may still serve for `DRAIN_SECONDS`."""

closing: Final = threading.Event()
"""Set once it serves no longer: what would go on for long is to end."""
