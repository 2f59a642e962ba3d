"""Lambdas that a stream or a queue calls: thin handlers around the service and the views."""
