"""`python -m benchmarks.growth`: what ten thousand to ten million tasks change."""

import warnings

if __name__ == "__main__":
    # A library of the embedded PostgreSQL looks for a session directory that servers lack.
    warnings.filterwarnings("ignore", module="platformdirs")
    from benchmarks.harness.growth.cli import main

    main()
