"""Activity: an owner's events, newest first, as the log of the views has them."""
