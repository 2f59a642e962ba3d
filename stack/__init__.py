"""Operating the service: a whole one on this machine, and its deployment by CloudFormation."""
