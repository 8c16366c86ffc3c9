"""Reads about events, each within the actor's scope."""
