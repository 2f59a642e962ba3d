"""Telling the world: publish, deliver, webhooks, and what another team subscribes."""
