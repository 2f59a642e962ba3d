"""The commands of ``python -m stack``, one file each; ``stack.cli`` lists them.

A command's file imports little at its top, and the rest where it runs: `--help` stays quick.
"""
