"""What one would use instead of this service, each doing the same work by its own documentation.

They run in an environment of their own, which `make bench` makes of `requirements.txt`.
"""
