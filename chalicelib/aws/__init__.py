"""What every room needs of AWS: clients, retries, errors, the settings table, the quarantine."""
