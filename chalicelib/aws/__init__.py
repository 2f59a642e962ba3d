"""AWS for every room: clients, retries, errors, the settings table, the quarantine."""
