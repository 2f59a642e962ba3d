"""What tests of several rooms share.

What stands in for DynamoDB, and why it is not one thing:

- `tests.simulation.engine`: DynamoDB's operations in memory. It can show one item of a transaction before another,
  which no emulator does.
- `tests.unit.commands.memory_ledger`: one stream behind the functions of `chalicelib.ledger.ledger`, without any
  request, so that a test can let another writer step in between two calls.
- `tests.loaders.loading.GroupLedger`: many streams behind the loader's `Appending`, which hands over groups and reads
  histories; the bounds of a transaction hold there.
- `tests.unit.views.views_model`: no store, but what the views must contain: the expectation for the pure projection.
- `bench.stubbed`: botocore's answers as bytes, so that only this process's own work is measured.
- `tests.support.faults` stands in for nothing: it changes single requests to an engine or emulator that runs.
- moto, in `tests.triggers.delivery` and `tests.loaders.test_loader_command`: SQS, SNS and DynamoDB in this process, for
  what needs no stream and no isolation between threads.
"""
