"""Hostile load: requests that no honest client sends, for minutes, and what they leave behind in the service."""
