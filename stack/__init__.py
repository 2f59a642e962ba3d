"""Operating the service: on this machine, and in an AWS account by CloudFormation."""
