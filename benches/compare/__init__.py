"""Side by side with other libraries, in one process: ``python -m benches.compare``."""
