"""Publishing events to the SNS topic."""
