"""The thin client for DynamoDB, beside botocore's."""
