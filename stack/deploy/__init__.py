"""Deploying a stage: packages, templates, change sets."""
