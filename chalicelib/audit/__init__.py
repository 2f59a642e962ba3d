"""Whether ledger and views are what they should be: every stream in itself, every row, tally and log beside it."""
