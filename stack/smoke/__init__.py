"""Proving that a deployed stage works: checks that use it as its clients and operators do, and look at what it has.

Each check is a function of `stack.smoke.checks` with a sentence for a name, and stands in `stack.smoke.registry`.
"""
