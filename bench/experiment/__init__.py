"""The deployed handlers made to fail at random, and what came of it: `make experiment`."""
