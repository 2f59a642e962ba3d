"""What a load prints and writes beside the ledger."""
