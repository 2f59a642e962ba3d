"""Webhooks: subscriptions and their delivery."""
