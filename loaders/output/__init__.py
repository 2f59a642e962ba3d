"""What a load prints and writes, apart from the ledger."""
