"""The real code in simulated processes over a DynamoDB in memory: one seed, one schedule of calls and failures."""
