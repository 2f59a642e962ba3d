"""What the figures of docs/performance.md are measured with: `python -m bench`."""
