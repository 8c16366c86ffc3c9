"""Writes about events, one use case a module."""
