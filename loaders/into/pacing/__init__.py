"""Pacing a load so that the views keep up."""
