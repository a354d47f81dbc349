"""`python -m benchmarks`: measure and report."""

import warnings

if __name__ == "__main__":
    # A library of the embedded PostgreSQL looks for a session directory that servers lack.
    warnings.filterwarnings("ignore", module="platformdirs")
    from benchmarks.harness.cli import main

    main()
