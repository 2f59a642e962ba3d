"""AWS's own DynamoDB Local as a second engine for the tests: `make test-dynamodb-local`.

The local engine keeps Lambda, the queues, the topic, Step Functions and the gateway. DynamoDB's calls, and those of its
streams, go on to DynamoDB Local, whose validation and streams are AWS's own. Nothing of the product knows of it.
"""
